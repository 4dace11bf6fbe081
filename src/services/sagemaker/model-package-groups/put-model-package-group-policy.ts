import type {
  PutModelPackageGroupPolicyInput,
  PutModelPackageGroupPolicyOutput,
} from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { unknownGroup } from './errors.ts'
import { checkGroupPolicy } from './group-policy-document.ts'
import { putGroupPolicy } from './group-policy-store.ts'
import { parseGroup } from './group-reference.ts'
import { advanceGroup } from './group-store.ts'
import { requirePolicyGroup } from './policy-group.ts'

/** Gives a group the policy that says what other accounts may do with it and its versions, instead of any before. */
export async function putModelPackageGroupPolicy(
  deps: SagemakerDeps,
  input: PutModelPackageGroupPolicyInput,
  context: RequestContext,
): Promise<PutModelPackageGroupPolicyOutput> {
  const { database } = deps
  const group = parseGroup(input.ModelPackageGroupName, context)
  await requirePolicyGroup(deps, group)
  await checkGroupPolicy(deps.iam, input.ResourcePolicy, group.arn)
  await database.commit([
    advanceGroup(database, group, 0, () => unknownGroup(group.arn)),
    ...putGroupPolicy(deps, group, input.ResourcePolicy),
  ])
  return { ModelPackageGroupArn: group.arn }
}
