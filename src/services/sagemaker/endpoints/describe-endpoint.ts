import type { DescribeEndpointInput, DescribeEndpointOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { endpointKey } from './endpoint-key.ts'
import { findDeployments, findVariants, requireEndpoint } from './endpoint-store.ts'
import { describeRows } from './endpoint-view.ts'

export async function describeEndpoint(
  { database }: SagemakerDeps,
  input: DescribeEndpointInput,
  context: RequestContext,
): Promise<DescribeEndpointOutput> {
  const row = await requireEndpoint(database, context, input.EndpointName)
  const key = endpointKey(context, row.name)
  return describeRows(row, await findVariants(database, key), await findDeployments(database, key))
}
