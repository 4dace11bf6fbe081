import type { KeyRow } from '../../../storage/schema/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { aliasMissing } from '../errors.ts'
import { aliasArn } from '../keys/key-reference.ts'
import { findKeyByAlias } from '../keys/key-store.ts'
import { requireAccess } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'

/** Aliases have no policies: what an account's own policies say of them is all. @throws AccessDeniedException */
export const requireAliasAccess = (
  { authorizer }: KmsDeps,
  { principal, account, region, origin }: RequestContext,
  name: string,
  action: string,
): void | Promise<void> => {
  const resource = aliasArn({ account, region }, name)
  return authorizer.require({ principal, action, resource, origin, resourceSide: { account } })
}

/** The key that an alias of the caller's account stands for, once the caller may do this to both. */
export async function openAliasedKey(
  deps: KmsDeps,
  context: RequestContext,
  name: string,
  action: string,
): Promise<KeyRow> {
  await requireAliasAccess(deps, context, name, action)
  const key = await findKeyByAlias(deps.database, context, name)
  if (key === undefined) throw aliasMissing(aliasArn(context, name))
  await requireAccess(deps, context, key, { action })
  return key
}
