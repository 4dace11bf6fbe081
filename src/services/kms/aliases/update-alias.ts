import type { UpdateAliasRequest } from '../../../model/generated/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { aliasMissing } from '../errors.ts'
import { aliasArn } from '../keys/key-reference.ts'
import { requireNotPendingDeletion } from '../keys/key-state.ts'
import { requireKey } from '../keys/key-store.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { aliasLimit } from './alias-limit.ts'
import { requireAliasName, requireNoAlias } from './alias-name.ts'
import { openAliasedKey } from './open-aliased-key.ts'

/** Lets an alias stand for another key. What it stood for before may be in any state. */
export async function updateAlias(
  deps: KmsDeps,
  input: UpdateAliasRequest,
  context: RequestContext,
): Promise<undefined> {
  const { AliasName: name, TargetKeyId: target } = input
  requireAliasName(name)
  requireNoAlias(target)
  await openAliasedKey(deps, context, name, 'kms:UpdateAlias')
  const key = await openKey(deps, context, target, { action: 'kms:UpdateAlias' })
  requireNotPendingDeletion(key)
  const { database } = deps
  await database.commit([
    requireKey(database, key),
    statement(
      database.query
        .updateTable('kms_aliases')
        .set({ key_id: key.key_id, updated_at: context.now })
        .where('account', '=', context.account)
        .where('region', '=', context.region)
        .where('name', '=', name),
      one(() => aliasMissing(aliasArn(context, name))),
    ),
    aliasLimit(database, key),
  ])
  return undefined
}
