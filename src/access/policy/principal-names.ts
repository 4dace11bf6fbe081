import type { Principal } from '../principal.ts'

/** What a Principal or NotPrincipal element names, ready for looking up. */
export interface PrincipalNames {
  /** `"*"`, as opposed to `{"AWS": "*"}`, which names no services. */
  readonly everyone: boolean
  readonly everyIdentity: boolean
  readonly accounts: ReadonlySet<string>
  /** ARNs of users and sessions, and unique ids of users. */
  readonly identities: ReadonlySet<string>
  /** ARNs and unique ids of roles. */
  readonly roles: ReadonlySet<string>
  readonly services: ReadonlySet<string>
  readonly canonicalUsers: ReadonlySet<string>
}

/** How closely a policy names a principal. What else limits the principal depends on it. */
export const NOBODY = 0
/** The principal's account: its administrators say who in it may. */
export const ACCOUNT = 1
/** The role of the session that acts. */
const ROLE = 2
/** The user or session itself, a service, or everyone. */
export const SELF = 3
export type Closeness = typeof NOBODY | typeof ACCOUNT | typeof ROLE | typeof SELF

const ACCOUNT_ID = /^\d{12}$/
const ROOT_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):root$/
const ROLE_NAME = /^(?:arn:aws[a-z-]*:iam::\d{12}:role\/.+|AROA[A-Z0-9]+)$/s

/** Federated principals are left out: nobody signs in through an identity provider here, so they name nobody. */
export function compilePrincipals(named: '*' | ReadonlyMap<string, readonly string[]>): PrincipalNames {
  const list = (type: string): readonly string[] => (named === '*' ? [] : (named.get(type) ?? []))
  const accounts = new Set<string>()
  const roles = new Set<string>()
  const identities = new Set<string>()
  for (const name of list('AWS')) {
    if (name === '*') continue
    const account = ACCOUNT_ID.test(name) ? name : ROOT_ARN.exec(name)?.[1]
    if (account !== undefined) accounts.add(account)
    else if (ROLE_NAME.test(name)) roles.add(name)
    else identities.add(name)
  }
  return {
    everyone: named === '*',
    everyIdentity: list('AWS').includes('*'),
    accounts,
    roles,
    identities,
    services: new Set(list('Service')),
    canonicalUsers: new Set(list('CanonicalUser')),
  }
}

/** `canonicalUserId` is that of the principal's account, for bucket policies. */
export function closenessOf(names: PrincipalNames, principal: Principal, canonicalUserId?: string): Closeness {
  if (names.everyone) return SELF
  if (principal.kind === 'service') return names.services.has(principal.arn) ? SELF : NOBODY
  if (names.everyIdentity) return SELF
  if (principal.kind === 'anonymous') return NOBODY
  if (names.identities.size > 0 && (names.identities.has(principal.arn) || names.identities.has(principal.userId))) {
    return SELF
  }
  if (names.roles.size > 0 && principal.kind === 'role') {
    if (principal.roleArn !== undefined && names.roles.has(principal.roleArn)) return ROLE
    if (names.roles.has(uniqueRoleId(principal.userId))) return ROLE
  }
  if (names.accounts.has(principal.account)) return ACCOUNT
  return canonicalUserId !== undefined && names.canonicalUsers.has(canonicalUserId) ? ACCOUNT : NOBODY
}

/** `AROA…` of the `AROA…:session` that a session's user id is. */
function uniqueRoleId(userId: string): string {
  const colon = userId.indexOf(':')
  return colon < 0 ? userId : userId.slice(0, colon)
}
