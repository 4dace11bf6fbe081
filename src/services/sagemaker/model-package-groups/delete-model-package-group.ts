import type { DeleteModelPackageGroupInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'
import { groupNotEmpty, missingGroup } from './errors.ts'
import { dropGroupPolicy } from './group-policy-store.ts'
import { parseGroup, requireGroup } from './group-reference.ts'
import { advanceGroup, deleteEmptyGroup } from './group-store.ts'

/** Deletes a group that holds no versions. */
export async function deleteModelPackageGroup(
  deps: SagemakerDeps,
  input: DeleteModelPackageGroupInput,
  context: RequestContext,
): Promise<void> {
  const { database } = deps
  const group = parseGroup(input.ModelPackageGroupName, context)
  await requireGroup(deps, group)
  await database.commit([
    advanceGroup(database, group, 0, () => missingGroup(group.arn)),
    deleteEmptyGroup(database, group, () => groupNotEmpty(group.arn)),
    ...dropGroupPolicy(deps, group),
    ...dropTags(deps, tagged(group, 'model-package-group', group.key)),
  ])
}
