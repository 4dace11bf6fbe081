import type { DescribeModelInput, DescribeModelOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { describe } from './model-document.ts'
import { requireModel } from './model-store.ts'

export async function describeModel(
  { database }: SagemakerDeps,
  input: DescribeModelInput,
  context: RequestContext,
): Promise<DescribeModelOutput> {
  return describe(await requireModel(database, context, input.ModelName))
}
