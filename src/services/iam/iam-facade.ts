import { issueSession } from '../../access/issue-session.ts'
import { rolePrincipal } from '../../access/principals.ts'
import { admits } from '../../access/trust-policy.ts'
import type { Clock } from '../../shared/clock.ts'
import { decodeMessage } from './denials/decoded-message.ts'
import type { IamDirectory, IamFacade } from './facade.ts'
import type { IamDeps } from './iam-deps.ts'
import { identityExists } from './identity-exists.ts'
import { lookUpPolicy } from './managed-policies/policy-store.ts'
import { presentPrincipal } from './present-principal.ts'
import { findRoleByArn } from './roles/role-store.ts'
import { tagsByKey } from './tag-list.ts'

export interface IamFacadeDeps extends Pick<IamDeps, 'database' | 'masterKey'> {
  readonly clock: Clock
}

/** IAM and STS for the other services. */
export const createIamFacade = (deps: IamFacadeDeps): IamFacade => ({
  async assumeRoleForService(roleArn, service, sessionName, sourceArn) {
    const role = await findRoleByArn(deps, roleArn)
    if (role === undefined) return undefined
    // The service acts for resources of the role's own account.
    const conditions = { 'aws:sourceaccount': role.account, 'aws:sourcearn': sourceArn }
    if (!admits(role.trust_policy, { caller: { service }, conditions })) return undefined
    return rolePrincipal(role.account, { path: role.path, name: role.name, id: role.role_id }, sessionName)
  },

  async issueCredentials(principal, durationSeconds) {
    return issueSession(deps.masterKey, principal, deps.clock.now(), durationSeconds)
  },

  identityExists: (arn) => identityExists(deps, arn),

  presentPrincipal: (principal) => presentPrincipal(deps, principal),
})

/** The roles and policies of all accounts, for STS. */
export const createIamDirectory = (deps: Pick<IamDeps, 'database' | 'masterKey'>): IamDirectory => ({
  async findRole(roleArn) {
    const row = await findRoleByArn(deps, roleArn)
    if (row === undefined) return undefined
    return {
      account: row.account,
      path: row.path,
      name: row.name,
      id: row.role_id,
      trustPolicy: row.trust_policy,
      tags: tagsByKey(row.tags),
      maxSessionDuration: row.max_session_duration,
    }
  },
  policyExists: async (account, arn) => (await lookUpPolicy(deps, account, arn)) !== undefined,
  decodeAuthorizationMessage: (encoded, account) => decodeMessage(deps, encoded, account),
})
