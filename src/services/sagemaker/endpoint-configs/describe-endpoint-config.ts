import type { DescribeEndpointConfigInput, DescribeEndpointConfigOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import type { ConfigDocument } from './create-endpoint-config.ts'
import { configArn, requireConfig } from './endpoint-config-store.ts'

export async function describeEndpointConfig(
  { database }: SagemakerDeps,
  input: DescribeEndpointConfigInput,
  context: RequestContext,
): Promise<DescribeEndpointConfigOutput> {
  const row = await requireConfig(database, context, input.EndpointConfigName)
  return {
    ...(JSON.parse(row.document) as ConfigDocument),
    EndpointConfigName: row.name,
    EndpointConfigArn: configArn(context, row.name),
    CreationTime: row.created_at,
  }
}
