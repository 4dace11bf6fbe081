import type { DeleteModelPackageGroupPolicyInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { noGroupPolicy } from './errors.ts'
import { dropGroupPolicy } from './group-policy-store.ts'
import { parseGroup } from './group-reference.ts'
import { requirePolicyGroup } from './policy-group.ts'

/** Takes the group's policy away: from then on it is its own account's alone. */
export async function deleteModelPackageGroupPolicy(
  deps: SagemakerDeps,
  input: DeleteModelPackageGroupPolicyInput,
  context: RequestContext,
): Promise<void> {
  const group = parseGroup(input.ModelPackageGroupName, context)
  await requirePolicyGroup(deps, group)
  await deps.database.commit([...dropGroupPolicy(deps, group, () => noGroupPolicy(group.arn))])
}
