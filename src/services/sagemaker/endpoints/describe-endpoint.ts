import type { DescribeEndpointInput, DescribeEndpointOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { endpointKey } from './endpoint-key.ts'
import { findDeployments, findVariants, requireEndpoint } from './endpoint-store.ts'
import { describeRows, withEngineProblem } from './endpoint-view.ts'

export async function describeEndpoint(
  { database, engineProblem }: SagemakerDeps,
  input: DescribeEndpointInput,
  context: RequestContext,
): Promise<DescribeEndpointOutput> {
  const row = await requireEndpoint(database, context, input.EndpointName)
  const key = endpointKey(context, row.name)
  const output = describeRows(row, await findVariants(database, key), await findDeployments(database, key))
  return withEngineProblem(output, engineProblem())
}
