import type {
  GetModelPackageGroupPolicyInput,
  GetModelPackageGroupPolicyOutput,
} from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { noGroupPolicy } from './errors.ts'
import { findGroupPolicy } from './group-policy-store.ts'
import { parseGroup } from './group-reference.ts'
import { requirePolicyGroup } from './policy-group.ts'

/** The group's policy, letter for letter as it was put. */
export async function getModelPackageGroupPolicy(
  deps: SagemakerDeps,
  input: GetModelPackageGroupPolicyInput,
  context: RequestContext,
): Promise<GetModelPackageGroupPolicyOutput> {
  const group = parseGroup(input.ModelPackageGroupName, context)
  await requirePolicyGroup(deps, group)
  const policy = await findGroupPolicy(deps.database, group)
  if (policy === undefined) throw noGroupPolicy(group.arn)
  return { ResourcePolicy: policy }
}
