import { aliasCharacters, aliasOfAlias, aliasPrefix, aliasReserved } from '../errors.ts'
import { MANAGED_PREFIX } from '../keys/managed-keys.ts'

/** @throws ValidationException, NotAuthorizedException for a name that no alias of a customer can have */
export function requireAliasName(name: string): void {
  if (!name.startsWith('alias/')) throw aliasPrefix()
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) throw aliasCharacters(name)
  if (name.startsWith(MANAGED_PREFIX)) throw aliasReserved()
}

/** @throws ValidationException when an alias is to stand for another */
export function requireNoAlias(target: string): void {
  if (target.startsWith('alias/') || /^arn:[^:]*:kms:[^:]*:[^:]*:alias\//.test(target)) throw aliasOfAlias()
}
