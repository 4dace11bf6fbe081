import { namedIdentities } from '../../access/policy/check-principals.ts'
import { malformedPolicy } from './errors.ts'
import type { IamDeps } from './iam-deps.ts'
import { identityExists } from './identity-exists.ts'

/** @throws MalformedPolicyDocument for a trust policy that names a user or role, of any account, who does not exist */
export async function requireNamedPrincipals(deps: Pick<IamDeps, 'database'>, document: string): Promise<void> {
  const named = namedIdentities(document)
  const exist = await Promise.all(named.map((arn) => identityExists(deps, arn)))
  const missing = named.find((_, index) => !exist[index])
  if (missing !== undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${missing}"`)
}
