import type { ListModelsInput, ListModelsOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { listModelRows } from './model-store.ts'

export async function listModels(
  { database }: SagemakerDeps,
  input: ListModelsInput,
  context: RequestContext,
): Promise<ListModelsOutput> {
  const listing = readListing('ListModels', input, context, 'Descending')
  const page = await listModelRows(database, context, input, listing)
  return {
    Models: page.rows.map((row) => ({
      ModelName: row.name,
      ModelArn: sagemakerArn(context, 'model', row.name),
      CreationTime: row.created_at,
    })),
    NextToken: listing.nextToken(page),
  }
}
