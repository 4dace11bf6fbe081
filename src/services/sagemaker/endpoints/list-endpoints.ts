import type { EndpointStatus, ListEndpointsInput, ListEndpointsOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { readListing } from '../listing.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { endpointArn } from './endpoint-key.ts'
import { listEndpointRows } from './endpoint-store.ts'

export async function listEndpoints(
  { database }: SagemakerDeps,
  input: ListEndpointsInput,
  context: RequestContext,
): Promise<ListEndpointsOutput> {
  const listing = readListing('ListEndpoints', input, context, 'Descending')
  const page = await listEndpointRows(database, context, input, listing)
  return {
    Endpoints: page.rows.map((row) => ({
      EndpointName: row.name,
      EndpointArn: endpointArn(context, row.name),
      CreationTime: row.created_at,
      LastModifiedTime: row.modified_at,
      EndpointStatus: row.status as EndpointStatus,
    })),
    NextToken: listing.nextToken(page),
  }
}
