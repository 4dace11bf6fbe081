import type { Principal } from '../../../access/principal.ts'
import type { RequestContext } from '../../operation.ts'
import { groupArn, lookUpGroup } from '../groups/group-store.ts'
import type { IamDeps } from '../iam-deps.ts'
import { lookUpPolicy } from '../managed-policies/policy-store.ts'
import { lookUpRole, roleArn } from '../roles/role-store.ts'
import { parseTags } from '../tag-list.ts'
import { lookUpUser, userArn } from '../users/user-store.ts'
import { type Conditions, resourceTags } from './request-tags.ts'

type Deps = Pick<IamDeps, 'database'>

/** What a request is about, as it is now. */
export interface Target {
  readonly arn: string
  /** Its tags, as `iam:ResourceTag`. */
  readonly tags: Conditions
  /** The permissions boundary that it has, as `iam:PermissionsBoundary`. */
  readonly boundary: Conditions
}

const bare = (arn: string): Target => ({ arn, tags: {}, boundary: {} })

/** Requests give names alone; policies are about the whole ARN, so the path is looked up. What is not there has none. */
export async function roleTarget(deps: Deps, account: string, name: string): Promise<Target> {
  const row = await lookUpRole(deps, account, name)
  return row === undefined ? bare(`arn:aws:iam::${account}:role/${name}`) : toTarget(roleArn(row), row)
}

/** Without a name an operation on users means the caller himself. */
export async function userTarget(
  deps: Deps,
  { account, principal }: Pick<RequestContext, 'account' | 'principal'>,
  name: string | undefined,
): Promise<Target> {
  const wanted = name ?? ownName(principal)
  if (wanted === undefined) return bare(principal.arn)
  const row = await lookUpUser(deps, account, wanted)
  return row === undefined ? bare(`arn:aws:iam::${account}:user/${wanted}`) : toTarget(userArn(row), row)
}

const ownName = ({ kind, arn }: Principal): string | undefined =>
  kind === 'user' ? arn.slice(arn.lastIndexOf('/') + 1) : undefined

export async function groupTarget(deps: Deps, account: string, name: string): Promise<Target> {
  const row = await lookUpGroup(deps, account, name)
  return bare(row === undefined ? `arn:aws:iam::${account}:group/${name}` : groupArn(row))
}

export async function policyTarget(deps: Deps, account: string, arn: string): Promise<Target> {
  const found = await lookUpPolicy(deps, account, arn)
  return found?.origin === 'account' ? { ...bare(arn), tags: resourceTags(parseTags(found.row.tags)) } : bare(arn)
}

const toTarget = (arn: string, row: { tags: string; permissions_boundary: string | null }): Target => ({
  arn,
  tags: resourceTags(parseTags(row.tags)),
  boundary: row.permissions_boundary === null ? {} : { 'iam:permissionsboundary': row.permissions_boundary },
})
