import type { ModelPackageGroupRow } from '../../../storage/schema/sagemaker.ts'
import { validationException } from '../../../wire/service-error.ts'
import { exactly, nameKey, parseSagemakerArn, type Scope, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { missingGroup } from './errors.ts'
import { findGroup, type GroupKey } from './group-store.ts'

/** A group as a request names it. */
export interface GroupReference extends GroupKey {
  readonly arn: string
  /** Set when the request gave a name and not an ARN: its case then matters. */
  readonly name: string | undefined
}

/** Reads a group's name or ARN, which may be one of another account: whether the caller may, has been asked by then. */
export function parseGroup(text: string, context: Scope): GroupReference {
  if (!text.startsWith('arn:')) {
    const { account, region } = context
    return { account, region, key: nameKey(text), arn: sagemakerArn(context, 'model-package-group', text), name: text }
  }
  const parsed = parseSagemakerArn(text)
  if (parsed === undefined || parsed.type !== 'model-package-group') {
    throw validationException(`"${text}" is not the ARN of a model package group.`)
  }
  const { account, region, key } = parsed
  const arn = sagemakerArn(parsed, 'model-package-group', key)
  return { account, region, key, arn, name: undefined }
}

/** @throws ServiceError `ValidationException` when the group does not exist */
export async function requireGroup(deps: SagemakerDeps, group: GroupReference): Promise<ModelPackageGroupRow> {
  const row = await findGroup(deps.database, group)
  if (row === undefined) throw missingGroup(group.arn)
  return group.name === undefined ? row : exactly(row, group.name)
}
