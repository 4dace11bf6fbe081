import { namedIdentities } from '../../access/policy/check-principals.ts'
import { malformedPolicy } from './errors.ts'
import type { IamDeps } from './iam-deps.ts'
import { findRoleByArn } from './roles/role-store.ts'
import { findUserByArn } from './users/user-store.ts'

/** The users and roles, of any account, that a policy names as principals and that do not exist. */
export async function missingPrincipals(deps: Pick<IamDeps, 'database'>, document: string): Promise<readonly string[]> {
  const named = namedIdentities(document)
  const found = await Promise.all(
    named.map((arn) => (arn.includes(':role/') ? findRoleByArn(deps, arn) : findUserByArn(deps, arn))),
  )
  return named.filter((_, index) => found[index] === undefined)
}

/** @throws MalformedPolicyDocument for a trust policy that names somebody who does not exist */
export async function requireNamedPrincipals(deps: Pick<IamDeps, 'database'>, document: string): Promise<void> {
  const [missing] = await missingPrincipals(deps, document)
  if (missing !== undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${missing}"`)
}
