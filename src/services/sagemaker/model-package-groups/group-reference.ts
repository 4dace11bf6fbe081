import type { ModelPackageGroupRow } from '../../../storage/schema/sagemaker.ts'
import { validationException } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { requireOwnAccount } from '../own-account.ts'
import { exactly, nameKey, parseSagemakerArn, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { missingGroup } from './errors.ts'
import { findGroup, type GroupKey } from './group-store.ts'

/** A group as a request names it. */
export interface GroupReference extends GroupKey {
  readonly arn: string
  /** Set when the request gave a name and not an ARN: its case then matters. */
  readonly name: string | undefined
}

/** Reads a group's name or ARN. `action` is what the caller is about to do, for the refusal of foreign accounts. */
export function parseGroup(text: string, context: RequestContext, action: string): GroupReference {
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
  requireOwnAccount(context, account, action, arn)
  return { account, region, key, arn, name: undefined }
}

/** @throws ServiceError `ValidationException` when the group does not exist */
export async function requireGroup(deps: SagemakerDeps, group: GroupReference): Promise<ModelPackageGroupRow> {
  const row = await findGroup(deps.database, group)
  if (row === undefined) throw missingGroup(group.arn)
  return group.name === undefined ? row : exactly(row, group.name)
}
