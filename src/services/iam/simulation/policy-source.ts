import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import type { Principal } from '../../../access/principal.ts'
import { userPrincipal } from '../../../access/principals.ts'
import { type OwnPolicies, readOwnPolicies } from '../authorization/own-policies.ts'
import { invalidInput, noSuchGroup, noSuchRole, noSuchUser } from '../errors.ts'
import { groupArn, lookUpGroup } from '../groups/group-store.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findRoleByArn } from '../roles/role-store.ts'
import { findUserByArn } from '../users/user-store.ts'

/** Whose policies are simulated. */
export interface Source {
  readonly own: OwnPolicies
  /** Who would make the requests; a group can make none. */
  readonly caller: Principal | undefined
}

/**
 * The user, role or group that `PolicySourceArn` names, with its policies.
 * @throws InvalidInput for what is none of the three, NoSuchEntity
 */
export async function findSource(deps: Pick<IamDeps, 'database'>, arn: string): Promise<Source> {
  const [, account, kind, name] = /^arn:aws:iam::(\d{12}):(user|role|group)\/(?:.*\/)?([^/]+)$/s.exec(arn) ?? []
  if (account === undefined || name === undefined)
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`)
  const read = async (owner: 'user' | 'role' | 'group', id: string) =>
    // Documents are compiled for this simulation alone: no cache is filled by who simulates a lot.
    readOwnPolicies({ database: deps.database, policies: { compile: compilePolicy } }, owner, account, id)
  switch (kind) {
    case 'user': {
      const row = await findUserByArn(deps, arn)
      if (row === undefined) throw noSuchUser(name)
      return { own: await read('user', row.user_id), caller: userPrincipal(account, { ...row, id: row.user_id }) }
    }
    case 'role': {
      const row = await findRoleByArn(deps, arn)
      if (row === undefined) throw noSuchRole(name)
      const caller: Principal = { kind: 'role', account, arn, userId: row.role_id, roleArn: arn }
      return { own: await read('role', row.role_id), caller }
    }
    default: {
      const row = await lookUpGroup(deps, account, name)
      if (row === undefined || groupArn(row) !== arn) throw noSuchGroup(name)
      return { own: await read('group', row.group_id), caller: undefined }
    }
  }
}

/** The user that `CallerArn` names. @throws InvalidInput for anybody else */
export async function findCaller(deps: Pick<IamDeps, 'database'>, arn: string): Promise<Principal> {
  const [, account, path, name] = /^arn:aws:iam::(\d{12}):user(\/(?:.*\/)?)([^/]+)$/s.exec(arn) ?? []
  if (account === undefined || path === undefined || name === undefined)
    throw invalidInput(`Invalid CallerArn: ${arn} is not the ARN of an IAM user.`)
  const row = await findUserByArn(deps, arn)
  return userPrincipal(account, { path, name, id: row?.user_id ?? '' })
}
