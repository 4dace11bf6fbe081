import type { ListEndpointConfigsInput, ListEndpointConfigsOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { configArn, listConfigRows } from './endpoint-config-store.ts'

export async function listEndpointConfigs(
  { database }: SagemakerDeps,
  input: ListEndpointConfigsInput,
  context: RequestContext,
): Promise<ListEndpointConfigsOutput> {
  const listing = readListing('ListEndpointConfigs', input, context, 'Descending')
  const page = await listConfigRows(database, context, input, listing)
  return {
    EndpointConfigs: page.rows.map((row) => ({
      EndpointConfigName: row.name,
      EndpointConfigArn: configArn(context, row.name),
      CreationTime: row.created_at,
    })),
    NextToken: listing.nextToken(page),
  }
}
