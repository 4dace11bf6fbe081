import { exactly } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { unknownGroup } from './errors.ts'
import type { GroupReference } from './group-reference.ts'
import { findGroup } from './group-store.ts'

/** @throws ServiceError `ValidationException`, worded as the operations on policies do, when there is no such group */
export async function requirePolicyGroup({ database }: SagemakerDeps, group: GroupReference): Promise<void> {
  const row = await findGroup(database, group)
  if (row === undefined) throw unknownGroup(group.arn)
  if (group.name !== undefined) exactly(row, group.name)
}
