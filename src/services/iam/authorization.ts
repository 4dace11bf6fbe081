import { isOwnSession } from '../../access/principals.ts'
import type { IamOperation, IamOperations, Tag } from '../../model/generated/iam.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { type Conditions, requestTags, tagKeys } from './authorization/request-tags.ts'
import { groupTarget, policyTarget, roleTarget, type Target, userTarget } from './authorization/targets.ts'
import { notWithoutMfa } from './errors.ts'
import type { IamDeps } from './iam-deps.ts'

type Inputs = { readonly [Name in IamOperation]: NeedsOf<IamOperations[Name]['input']> }

/** The members that condition keys are about; each operation has some of them. */
interface Given {
  readonly PolicyArn?: string
  readonly PermissionsBoundary?: string
  readonly Tags?: readonly Tag[]
  readonly TagKeys?: readonly string[]
}

/** Conditions beside those of the tags that the target has. */
type More = (input: Given, target: Target) => Conditions

const NONE: Conditions = {}
const nothingMore: More = () => NONE

const arn = (account: string, resource: string): string => `arn:aws:iam::${account}:${resource}`

const need = (action: string, { arn: resource, tags }: Target, conditions: Conditions = {}): AccessNeed => ({
  action: `iam:${action}`,
  resource,
  conditions: { ...tags, ...conditions },
})

const boundaryOf: More = (_input, { boundary }) => boundary
const newBoundary: More = ({ PermissionsBoundary: arn }) =>
  arn === undefined ? NONE : { 'iam:permissionsboundary': arn }
const policyArn: More = ({ PolicyArn: arn }) => (arn === undefined ? NONE : { 'iam:policyarn': arn })
const policyAndBoundary: More = (input, target) => ({ ...policyArn(input, target), ...boundaryOf(input, target) })
const givenTags: More = ({ Tags }) => requestTags(Tags)
const namedTags: More = ({ TagKeys }) => tagKeys(TagKeys ?? [])

/** Lists and what is about no single resource. */
const onAll =
  (action: string, resource: string) =>
  (_input: unknown, { account }: RequestContext): readonly AccessNeed[] => [
    { action: `iam:${action}`, resource: resource === '*' ? '*' : arn(account, resource) },
  ]

/** What creates with tags needs to be allowed to tag as well. */
const creating =
  <Input extends Given & { readonly Path?: string }>(
    kind: 'role' | 'user' | 'policy' | 'group',
    [create, tag]: readonly [create: string, tag: string | undefined],
    nameOf: (input: Input) => string,
  ) =>
  (input: Input, { account }: RequestContext): readonly AccessNeed[] => {
    const target = { arn: arn(account, `${kind}${input.Path ?? '/'}${nameOf(input)}`), tags: {}, boundary: {} }
    const tags = requestTags(input.Tags)
    const made = need(create, target, { ...tags, ...newBoundary(input, target) })
    return tag === undefined || (input.Tags ?? []).length === 0 ? [made] : [made, need(tag, target, tags)]
  }

/** Source: the service authorization reference of IAM, with its condition keys. */
function createTable(deps: Pick<IamDeps, 'database'>): Inputs {
  const onRole =
    (action: string, more = nothingMore) =>
    async (
      input: Given & { readonly RoleName: string },
      { account }: RequestContext,
    ): Promise<readonly AccessNeed[]> => {
      const target = await roleTarget(deps, account, input.RoleName)
      return [need(action, target, more(input, target))]
    }
  const onUser =
    (action: string, more = nothingMore) =>
    async (input: Given & { readonly UserName?: string }, context: RequestContext): Promise<readonly AccessNeed[]> => {
      const target = await userTarget(deps, context, input.UserName)
      return [need(action, target, more(input, target))]
    }
  const onGroup =
    (action: string, more = nothingMore) =>
    async (
      input: Given & { readonly GroupName: string },
      { account }: RequestContext,
    ): Promise<readonly AccessNeed[]> => {
      const target = await groupTarget(deps, account, input.GroupName)
      return [need(action, target, more(input, target))]
    }
  const onPolicy =
    (action: string, more = nothingMore) =>
    async (
      input: Given & { readonly PolicyArn: string },
      { account }: RequestContext,
    ): Promise<readonly AccessNeed[]> => {
      const target = await policyTarget(deps, account, input.PolicyArn)
      return [need(action, target, more(input, target))]
    }
  /** Moving something needs to be allowed where it is and where it goes. */
  const renaming =
    <Input>(
      action: string,
      find: (input: Input, context: RequestContext) => Promise<Target>,
      moved: (input: Input) => { readonly path: string | undefined; readonly name: string | undefined },
    ) =>
    async (input: Input, context: RequestContext): Promise<readonly AccessNeed[]> => {
      const target = await find(input, context)
      const [, kind, path, name] = /^arn:aws:iam::\d+:([a-z]+)(\/(?:.*\/)?)([^/]+)$/s.exec(target.arn) ?? []
      if (kind === undefined) return [need(action, target)]
      const to = moved(input)
      const goal = arn(context.account, `${kind}${to.path ?? path}${to.name ?? name}`)
      return goal === target.arn
        ? [need(action, target)]
        : [need(action, target), need(action, { ...target, arn: goal })]
    }
  const onSource =
    (action: string) =>
    ({ PolicySourceArn }: { readonly PolicySourceArn: string }): readonly AccessNeed[] => [
      { action: `iam:${action}`, resource: PolicySourceArn },
    ]

  return {
    AddUserToGroup: onGroup('AddUserToGroup'),
    AttachGroupPolicy: onGroup('AttachGroupPolicy', policyArn),
    AttachRolePolicy: onRole('AttachRolePolicy', policyAndBoundary),
    AttachUserPolicy: onUser('AttachUserPolicy', policyAndBoundary),
    CreateAccessKey: onUser('CreateAccessKey'),
    CreateGroup: creating<IamOperations['CreateGroup']['input']>(
      'group',
      ['CreateGroup', undefined],
      ({ GroupName }) => GroupName,
    ),
    CreatePolicy: creating<IamOperations['CreatePolicy']['input']>(
      'policy',
      ['CreatePolicy', 'TagPolicy'],
      ({ PolicyName }) => PolicyName,
    ),
    CreatePolicyVersion: onPolicy('CreatePolicyVersion'),
    CreateRole: creating<IamOperations['CreateRole']['input']>(
      'role',
      ['CreateRole', 'TagRole'],
      ({ RoleName }) => RoleName,
    ),
    CreateUser: creating<IamOperations['CreateUser']['input']>(
      'user',
      ['CreateUser', 'TagUser'],
      ({ UserName }) => UserName,
    ),
    DeleteAccessKey: onUser('DeleteAccessKey'),
    DeleteGroup: onGroup('DeleteGroup'),
    DeleteGroupPolicy: onGroup('DeleteGroupPolicy'),
    DeletePolicy: onPolicy('DeletePolicy'),
    DeletePolicyVersion: onPolicy('DeletePolicyVersion'),
    DeleteRole: onRole('DeleteRole'),
    DeleteRolePermissionsBoundary: onRole('DeleteRolePermissionsBoundary', boundaryOf),
    DeleteRolePolicy: onRole('DeleteRolePolicy', boundaryOf),
    DeleteUser: onUser('DeleteUser'),
    DeleteUserPermissionsBoundary: onUser('DeleteUserPermissionsBoundary', boundaryOf),
    DeleteUserPolicy: onUser('DeleteUserPolicy', boundaryOf),
    DetachGroupPolicy: onGroup('DetachGroupPolicy', policyArn),
    DetachRolePolicy: onRole('DetachRolePolicy', policyAndBoundary),
    DetachUserPolicy: onUser('DetachUserPolicy', policyAndBoundary),
    GetAccessKeyLastUsed: onAll('GetAccessKeyLastUsed', 'user/*'),
    GetAccountAuthorizationDetails: onAll('GetAccountAuthorizationDetails', '*'),
    GetAccountSummary: onAll('GetAccountSummary', '*'),
    GetContextKeysForCustomPolicy: onAll('GetContextKeysForCustomPolicy', '*'),
    GetContextKeysForPrincipalPolicy: onSource('GetContextKeysForPrincipalPolicy'),
    GetGroup: onGroup('GetGroup'),
    GetGroupPolicy: onGroup('GetGroupPolicy'),
    GetPolicy: onPolicy('GetPolicy'),
    GetPolicyVersion: onPolicy('GetPolicyVersion'),
    GetRole: onRole('GetRole'),
    GetRolePolicy: onRole('GetRolePolicy'),
    GetUser: onUser('GetUser'),
    GetUserPolicy: onUser('GetUserPolicy'),
    ListAccessKeys: onUser('ListAccessKeys'),
    ListAttachedGroupPolicies: onGroup('ListAttachedGroupPolicies'),
    ListAttachedRolePolicies: onRole('ListAttachedRolePolicies'),
    ListAttachedUserPolicies: onUser('ListAttachedUserPolicies'),
    ListEntitiesForPolicy: onPolicy('ListEntitiesForPolicy'),
    ListGroupPolicies: onGroup('ListGroupPolicies'),
    ListGroups: ({ PathPrefix = '/' }, { account }) => [
      { action: 'iam:ListGroups', resource: arn(account, `group${PathPrefix}`) },
    ],
    ListGroupsForUser: onUser('ListGroupsForUser'),
    ListInstanceProfilesForRole: onRole('ListInstanceProfilesForRole'),
    ListPolicies: ({ PathPrefix = '/' }, { account }) => [
      { action: 'iam:ListPolicies', resource: arn(account, `policy${PathPrefix}`) },
    ],
    ListPolicyTags: onPolicy('ListPolicyTags'),
    ListPolicyVersions: onPolicy('ListPolicyVersions'),
    ListRolePolicies: onRole('ListRolePolicies'),
    ListRoleTags: onRole('ListRoleTags'),
    ListRoles: ({ PathPrefix = '/' }, { account }) => [
      { action: 'iam:ListRoles', resource: arn(account, `role${PathPrefix}`) },
    ],
    ListUserPolicies: onUser('ListUserPolicies'),
    ListUserTags: onUser('ListUserTags'),
    ListUsers: ({ PathPrefix = '/' }, { account }) => [
      { action: 'iam:ListUsers', resource: arn(account, `user${PathPrefix}`) },
    ],
    PutGroupPolicy: onGroup('PutGroupPolicy'),
    PutRolePermissionsBoundary: onRole('PutRolePermissionsBoundary', newBoundary),
    PutRolePolicy: onRole('PutRolePolicy', boundaryOf),
    PutUserPermissionsBoundary: onUser('PutUserPermissionsBoundary', newBoundary),
    PutUserPolicy: onUser('PutUserPolicy', boundaryOf),
    RemoveUserFromGroup: onGroup('RemoveUserFromGroup'),
    SetDefaultPolicyVersion: onPolicy('SetDefaultPolicyVersion'),
    SimulateCustomPolicy: onAll('SimulateCustomPolicy', '*'),
    SimulatePrincipalPolicy: onSource('SimulatePrincipalPolicy'),
    TagPolicy: onPolicy('TagPolicy', givenTags),
    TagRole: onRole('TagRole', givenTags),
    TagUser: onUser('TagUser', givenTags),
    UntagPolicy: onPolicy('UntagPolicy', namedTags),
    UntagRole: onRole('UntagRole', namedTags),
    UntagUser: onUser('UntagUser', namedTags),
    UpdateAccessKey: onUser('UpdateAccessKey'),
    UpdateAssumeRolePolicy: onRole('UpdateAssumeRolePolicy'),
    UpdateGroup: renaming(
      'UpdateGroup',
      (input, { account }) => groupTarget(deps, account, input.GroupName),
      (input) => ({ path: input.NewPath, name: input.NewGroupName }),
    ),
    UpdateRole: onRole('UpdateRole'),
    UpdateRoleDescription: onRole('UpdateRoleDescription'),
    UpdateUser: renaming(
      'UpdateUser',
      (input, context) => userTarget(deps, context, input.UserName),
      (input) => ({ path: input.NewPath, name: input.NewUserName }),
    ),
  }
}

/**
 * Who may call IAM. Credentials of GetSessionToken may not: they would need MFA, and there is none.
 * @throws InvalidClientTokenId for those, which is how IAM says it
 */
export function createIamAuthorization(deps: Pick<IamDeps, 'database'>): AuthorizationTable {
  const table: AuthorizationTable = createTable(deps)
  return Object.fromEntries(
    Object.entries(table).map(([operation, needsOf]): [string, NeedsOf] => [
      operation,
      (input, context) => {
        if (isOwnSession(context.principal)) throw notWithoutMfa()
        return needsOf(input, context)
      },
    ]),
  )
}
