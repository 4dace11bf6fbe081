import type { DeleteAliasRequest } from '../../../model/generated/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { aliasMissing } from '../errors.ts'
import { aliasArn } from '../keys/key-reference.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { requireAliasName } from './alias-name.ts'
import { openAliasedKey } from './open-aliased-key.ts'

/** The key stays as it is. */
export async function deleteAlias(
  deps: KmsDeps,
  { AliasName: name }: DeleteAliasRequest,
  context: RequestContext,
): Promise<undefined> {
  requireAliasName(name)
  await openAliasedKey(deps, context, name, 'kms:DeleteAlias')
  const remove = deps.database.query
    .deleteFrom('kms_aliases')
    .where('account', '=', context.account)
    .where('region', '=', context.region)
    .where('name', '=', name)
  await deps.database.commit([
    statement(
      remove,
      one(() => aliasMissing(aliasArn(context, name))),
    ),
  ])
  return undefined
}
