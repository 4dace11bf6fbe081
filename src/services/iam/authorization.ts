import type { IamOperation, IamOperations } from '../../model/generated/iam.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'

type Inputs = { readonly [Name in IamOperation]: NeedsOf<IamOperations[Name]['input']> }

const arn = (account: string, resource: string): string => `arn:aws:iam::${account}:${resource}`

/** Roles are found by name alone; their path is not in the request, so it is not in the ARN that is checked either. */
const onRole =
  (action: string) =>
  (
    { RoleName, Path }: { readonly RoleName: string; readonly Path?: string },
    { account }: RequestContext,
  ): readonly AccessNeed[] => [{ action: `iam:${action}`, resource: arn(account, `role${Path ?? '/'}${RoleName}`) }]

/** Without a name an operation on users means the caller himself. */
const onUser =
  (action: string) =>
  (
    { UserName, Path }: { readonly UserName?: string; readonly Path?: string },
    { account, principal }: RequestContext,
  ): readonly AccessNeed[] => [
    {
      action: `iam:${action}`,
      resource: UserName === undefined ? principal.arn : arn(account, `user${Path ?? '/'}${UserName}`),
    },
  ]

const onPolicy =
  (action: string) =>
  ({ PolicyArn }: { readonly PolicyArn: string }): readonly AccessNeed[] => [
    { action: `iam:${action}`, resource: PolicyArn },
  ]

const onAll =
  (action: string, kind: string) =>
  (_input: unknown, { account }: RequestContext): readonly AccessNeed[] => [
    { action: `iam:${action}`, resource: arn(account, kind) },
  ]

/** Attaching says which policy, so that a condition may allow only some. */
const naming = (policy: string, needs: readonly AccessNeed[]): readonly AccessNeed[] =>
  needs.map((need) => ({ ...need, conditions: { 'iam:policyarn': policy } }))

/** Source: the service authorization reference of IAM. */
const table: Inputs = {
  AttachRolePolicy: (input, context) => naming(input.PolicyArn, onRole('AttachRolePolicy')(input, context)),
  AttachUserPolicy: (input, context) => naming(input.PolicyArn, onUser('AttachUserPolicy')(input, context)),
  CreateAccessKey: onUser('CreateAccessKey'),
  CreatePolicy: ({ PolicyName, Path }, { account }) => [
    { action: 'iam:CreatePolicy', resource: arn(account, `policy${Path ?? '/'}${PolicyName}`) },
  ],
  CreatePolicyVersion: onPolicy('CreatePolicyVersion'),
  CreateRole: onRole('CreateRole'),
  CreateUser: onUser('CreateUser'),
  DeleteAccessKey: onUser('DeleteAccessKey'),
  DeletePolicy: onPolicy('DeletePolicy'),
  DeletePolicyVersion: onPolicy('DeletePolicyVersion'),
  DeleteRole: onRole('DeleteRole'),
  DeleteRolePolicy: onRole('DeleteRolePolicy'),
  DeleteUser: onUser('DeleteUser'),
  DeleteUserPolicy: onUser('DeleteUserPolicy'),
  DetachRolePolicy: (input, context) => naming(input.PolicyArn, onRole('DetachRolePolicy')(input, context)),
  DetachUserPolicy: (input, context) => naming(input.PolicyArn, onUser('DetachUserPolicy')(input, context)),
  GetAccessKeyLastUsed: onAll('GetAccessKeyLastUsed', 'user/*'),
  GetPolicy: onPolicy('GetPolicy'),
  GetPolicyVersion: onPolicy('GetPolicyVersion'),
  GetRole: onRole('GetRole'),
  GetRolePolicy: onRole('GetRolePolicy'),
  GetUser: onUser('GetUser'),
  GetUserPolicy: onUser('GetUserPolicy'),
  ListAccessKeys: onUser('ListAccessKeys'),
  ListAttachedRolePolicies: onRole('ListAttachedRolePolicies'),
  ListAttachedUserPolicies: onUser('ListAttachedUserPolicies'),
  ListEntitiesForPolicy: onPolicy('ListEntitiesForPolicy'),
  ListGroupsForUser: onUser('ListGroupsForUser'),
  ListInstanceProfilesForRole: onRole('ListInstanceProfilesForRole'),
  ListPolicies: onAll('ListPolicies', 'policy/*'),
  ListPolicyTags: onPolicy('ListPolicyTags'),
  ListPolicyVersions: onPolicy('ListPolicyVersions'),
  ListRolePolicies: onRole('ListRolePolicies'),
  ListRoleTags: onRole('ListRoleTags'),
  ListRoles: onAll('ListRoles', 'role/*'),
  ListUserPolicies: onUser('ListUserPolicies'),
  ListUserTags: onUser('ListUserTags'),
  ListUsers: onAll('ListUsers', 'user/*'),
  PutRolePolicy: onRole('PutRolePolicy'),
  PutUserPolicy: onUser('PutUserPolicy'),
  SetDefaultPolicyVersion: onPolicy('SetDefaultPolicyVersion'),
  TagPolicy: onPolicy('TagPolicy'),
  TagRole: onRole('TagRole'),
  TagUser: onUser('TagUser'),
  UntagPolicy: onPolicy('UntagPolicy'),
  UntagRole: onRole('UntagRole'),
  UntagUser: onUser('UntagUser'),
  UpdateAccessKey: onUser('UpdateAccessKey'),
  UpdateAssumeRolePolicy: onRole('UpdateAssumeRolePolicy'),
  UpdateRole: onRole('UpdateRole'),
  UpdateRoleDescription: onRole('UpdateRoleDescription'),
  UpdateUser: onUser('UpdateUser'),
}

export const iamAuthorization: AuthorizationTable = table
