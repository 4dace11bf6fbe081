import type { DescribeModelPackageInput, DescribeModelPackageOutput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { unknownIncludedData } from './errors.ts'
import { cardMetadata } from './model-card.ts'
import { describe } from './package-document.ts'
import { parsePackage, requirePackage } from './package-reference.ts'

/** A version (`group/n` or its ARN) or an unversioned package, whole. `MetadataOnly` cuts down its model card. */
export async function describeModelPackage(
  deps: SagemakerDeps,
  input: DescribeModelPackageInput,
  context: RequestContext,
): Promise<DescribeModelPackageOutput> {
  const { IncludedData: included = 'AllData' } = input
  if (included !== 'AllData' && included !== 'MetadataOnly') throw unknownIncludedData(included)
  const reference = parsePackage(input.ModelPackageName, context)
  const description = describe(await requirePackage(deps, reference))
  const { ModelCard: card } = description
  if (included === 'AllData' || card === undefined) return description
  return { ...description, ModelCard: { ...card, ModelCardContent: cardMetadata(card.ModelCardContent) } }
}
