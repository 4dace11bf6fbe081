import type { CreateAliasRequest } from '../../../model/generated/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { aliasExists } from '../errors.ts'
import { aliasArn } from '../keys/key-reference.ts'
import { requireNotPendingDeletion } from '../keys/key-state.ts'
import { requireKey } from '../keys/key-store.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { aliasLimit } from './alias-limit.ts'
import { requireAliasName, requireNoAlias } from './alias-name.ts'
import { requireAliasAccess } from './open-aliased-key.ts'

/** Gives a key of the account and region another name. */
export async function createAlias(
  deps: KmsDeps,
  input: CreateAliasRequest,
  context: RequestContext,
): Promise<undefined> {
  const { AliasName: name, TargetKeyId: target } = input
  requireAliasName(name)
  requireNoAlias(target)
  await requireAliasAccess(deps, context, name, 'kms:CreateAlias')
  const key = await openKey(deps, context, target, { action: 'kms:CreateAlias' })
  requireNotPendingDeletion(key)
  const { account, region, now } = context
  const { database } = deps
  await database.commit([
    requireKey(database, key),
    statement(
      database.query
        .insertInto('kms_aliases')
        .values({ account, region, name, key_id: key.key_id, created_at: now, updated_at: now })
        .onConflict((conflict) => conflict.doNothing()),
      one(() => aliasExists(aliasArn(context, name))),
    ),
    aliasLimit(database, key),
  ])
  return undefined
}
