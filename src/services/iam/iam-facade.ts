import { newAccessKeyId, newSecretAccessKey } from '../../access/access-key-id.ts'
import { rolePrincipal } from '../../access/principals.ts'
import { sealSession } from '../../access/session-token.ts'
import { admits } from '../../access/trust-policy.ts'
import type { Clock } from '../../shared/clock.ts'
import type { IamFacade } from './facade.ts'
import type { IamDeps } from './iam-deps.ts'
import { findRoleByArn } from './roles/role-store.ts'

export interface IamFacadeDeps extends Pick<IamDeps, 'database' | 'masterKey'> {
  readonly clock: Clock
}

/** IAM and STS for the other services. */
export const createIamFacade = (deps: IamFacadeDeps): IamFacade => ({
  async assumeRoleForService(roleArn, service, sessionName) {
    const role = await findRoleByArn(deps, roleArn)
    if (role === undefined) return undefined
    // The service acts for resources of the role's own account.
    const conditions = { 'aws:sourceaccount': role.account }
    if (!admits(role.trust_policy, { caller: { service }, conditions })) return undefined
    return rolePrincipal(role.account, { path: role.path, name: role.name, id: role.role_id }, sessionName)
  },

  async issueCredentials(principal, durationSeconds) {
    const issuedAt = deps.clock.now()
    const accessKeyId = newAccessKeyId('ASIA', principal.account)
    const secretAccessKey = newSecretAccessKey()
    const expiration = issuedAt + durationSeconds * 1000
    const session = { accessKeyId, secretAccessKey, principal: { ...principal, accessKeyId }, issuedAt, expiration }
    return { accessKeyId, secretAccessKey, sessionToken: sealSession(deps.masterKey, session), expiration }
  },
})
