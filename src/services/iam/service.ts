import type { IamOperation, IamOperations } from '../../model/generated/iam.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { createAccessKey } from './access-keys/create-access-key.ts'
import { deleteAccessKey } from './access-keys/delete-access-key.ts'
import { listAccessKeys } from './access-keys/list-access-keys.ts'
import { updateAccessKey } from './access-keys/update-access-key.ts'
import { getAccountSummary } from './account/account-summary.ts'
import { attachGroupPolicy, attachRolePolicy, attachUserPolicy } from './attachments/attach-policy.ts'
import { detachGroupPolicy, detachRolePolicy, detachUserPolicy } from './attachments/detach-policy.ts'
import {
  listAttachedGroupPolicies,
  listAttachedRolePolicies,
  listAttachedUserPolicies,
} from './attachments/list-attached-policies.ts'
import {
  deleteRolePermissionsBoundary,
  deleteUserPermissionsBoundary,
  putRolePermissionsBoundary,
  putUserPermissionsBoundary,
} from './boundaries/permissions-boundary.ts'
import { createGroup } from './groups/create-group.ts'
import { deleteGroup } from './groups/delete-group.ts'
import { getGroup } from './groups/get-group.ts'
import { listGroups, listGroupsForUser } from './groups/list-groups.ts'
import { addUserToGroup, removeUserFromGroup } from './groups/membership.ts'
import { updateGroup } from './groups/update-group.ts'
import type { IamDeps } from './iam-deps.ts'
import { deleteGroupPolicy, deleteRolePolicy, deleteUserPolicy } from './inline-policies/delete-inline-policy.ts'
import { getGroupPolicy, getRolePolicy, getUserPolicy } from './inline-policies/get-inline-policy.ts'
import { listGroupPolicies, listRolePolicies, listUserPolicies } from './inline-policies/list-inline-policies.ts'
import { putGroupPolicy, putRolePolicy, putUserPolicy } from './inline-policies/put-inline-policy.ts'
import { createPolicy } from './managed-policies/create-policy.ts'
import { createPolicyVersion } from './managed-policies/create-policy-version.ts'
import { deletePolicy } from './managed-policies/delete-policy.ts'
import { getPolicy } from './managed-policies/get-policy.ts'
import { listEntitiesForPolicy } from './managed-policies/list-entities-for-policy.ts'
import { listPolicies } from './managed-policies/list-policies.ts'
import { listPolicyTags, tagPolicy, untagPolicy } from './managed-policies/policy-tags.ts'
import {
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
} from './managed-policies/policy-versions.ts'
import { createRole } from './roles/create-role.ts'
import { deleteRole } from './roles/delete-role.ts'
import { getRole } from './roles/get-role.ts'
import { listInstanceProfilesForRole } from './roles/list-instance-profiles-for-role.ts'
import { listRoles } from './roles/list-roles.ts'
import { listRoleTags, tagRole, untagRole } from './roles/role-tags.ts'
import { updateAssumeRolePolicy } from './roles/update-assume-role-policy.ts'
import { updateRole, updateRoleDescription } from './roles/update-role.ts'
import { getContextKeysForCustomPolicy, getContextKeysForPrincipalPolicy } from './simulation/context-keys.ts'
import { simulateCustomPolicy, simulatePrincipalPolicy } from './simulation/simulate-policy.ts'
import { createUser } from './users/create-user.ts'
import { deleteUser } from './users/delete-user.ts'
import { getUser } from './users/get-user.ts'
import { listUsers } from './users/list-users.ts'
import { updateUser } from './users/update-user.ts'
import { listUserTags, tagUser, untagUser } from './users/user-tags.ts'

/** GetAccessKeyLastUsed is refused by name: the use of keys is not recorded. */
type Implemented = Exclude<IamOperation, 'GetAccessKeyLastUsed' | 'GetAccountAuthorizationDetails'>

type IamTable = {
  readonly [Name in Implemented]: Operation<IamOperations[Name]['input'], IamOperations[Name]['output']>
}

/** Identity and Access Management: roles, users, their policies and access keys. What is stored is shown whole. */
export const createIamService = (deps: IamDeps): OperationTable =>
  ({
    AddUserToGroup: (input, context) => addUserToGroup(deps, input, context),
    AttachGroupPolicy: (input, context) => attachGroupPolicy(deps, input, context),
    AttachRolePolicy: (input, context) => attachRolePolicy(deps, input, context),
    AttachUserPolicy: (input, context) => attachUserPolicy(deps, input, context),
    CreateAccessKey: (input, context) => createAccessKey(deps, input, context),
    CreateGroup: (input, context) => createGroup(deps, input, context),
    CreatePolicy: (input, context) => createPolicy(deps, input, context),
    CreatePolicyVersion: (input, context) => createPolicyVersion(deps, input, context),
    CreateRole: (input, context) => createRole(deps, input, context),
    CreateUser: (input, context) => createUser(deps, input, context),
    DeleteAccessKey: (input, context) => deleteAccessKey(deps, input, context),
    DeleteGroup: (input, context) => deleteGroup(deps, input, context),
    DeleteGroupPolicy: (input, context) => deleteGroupPolicy(deps, input, context),
    DeletePolicy: (input, context) => deletePolicy(deps, input, context),
    DeletePolicyVersion: (input, context) => deletePolicyVersion(deps, input, context),
    DeleteRole: (input, context) => deleteRole(deps, input, context),
    DeleteRolePermissionsBoundary: (input, context) => deleteRolePermissionsBoundary(deps, input, context),
    DeleteRolePolicy: (input, context) => deleteRolePolicy(deps, input, context),
    DeleteUser: (input, context) => deleteUser(deps, input, context),
    DeleteUserPermissionsBoundary: (input, context) => deleteUserPermissionsBoundary(deps, input, context),
    DeleteUserPolicy: (input, context) => deleteUserPolicy(deps, input, context),
    DetachGroupPolicy: (input, context) => detachGroupPolicy(deps, input, context),
    DetachRolePolicy: (input, context) => detachRolePolicy(deps, input, context),
    DetachUserPolicy: (input, context) => detachUserPolicy(deps, input, context),
    GetAccountSummary: (input, context) => getAccountSummary(deps, input, context),
    GetContextKeysForCustomPolicy: (input) => getContextKeysForCustomPolicy(input),
    GetContextKeysForPrincipalPolicy: (input) => getContextKeysForPrincipalPolicy(deps, input),
    GetGroup: (input, context) => getGroup(deps, input, context),
    GetGroupPolicy: (input, context) => getGroupPolicy(deps, input, context),
    GetPolicy: (input, context) => getPolicy(deps, input, context),
    GetPolicyVersion: (input, context) => getPolicyVersion(deps, input, context),
    GetRole: (input, context) => getRole(deps, input, context),
    GetRolePolicy: (input, context) => getRolePolicy(deps, input, context),
    GetUser: (input, context) => getUser(deps, input, context),
    GetUserPolicy: (input, context) => getUserPolicy(deps, input, context),
    ListAccessKeys: (input, context) => listAccessKeys(deps, input, context),
    ListAttachedGroupPolicies: (input, context) => listAttachedGroupPolicies(deps, input, context),
    ListAttachedRolePolicies: (input, context) => listAttachedRolePolicies(deps, input, context),
    ListAttachedUserPolicies: (input, context) => listAttachedUserPolicies(deps, input, context),
    ListEntitiesForPolicy: (input, context) => listEntitiesForPolicy(deps, input, context),
    ListGroupPolicies: (input, context) => listGroupPolicies(deps, input, context),
    ListGroups: (input, context) => listGroups(deps, input, context),
    ListGroupsForUser: (input, context) => listGroupsForUser(deps, input, context),
    ListInstanceProfilesForRole: (input, context) => listInstanceProfilesForRole(deps, input, context),
    ListPolicies: (input, context) => listPolicies(deps, input, context),
    ListPolicyTags: (input, context) => listPolicyTags(deps, input, context),
    ListPolicyVersions: (input, context) => listPolicyVersions(deps, input, context),
    ListRolePolicies: (input, context) => listRolePolicies(deps, input, context),
    ListRoleTags: (input, context) => listRoleTags(deps, input, context),
    ListRoles: (input, context) => listRoles(deps, input, context),
    ListUserPolicies: (input, context) => listUserPolicies(deps, input, context),
    ListUserTags: (input, context) => listUserTags(deps, input, context),
    ListUsers: (input, context) => listUsers(deps, input, context),
    PutGroupPolicy: (input, context) => putGroupPolicy(deps, input, context),
    PutRolePermissionsBoundary: (input, context) => putRolePermissionsBoundary(deps, input, context),
    PutRolePolicy: (input, context) => putRolePolicy(deps, input, context),
    PutUserPermissionsBoundary: (input, context) => putUserPermissionsBoundary(deps, input, context),
    PutUserPolicy: (input, context) => putUserPolicy(deps, input, context),
    RemoveUserFromGroup: (input, context) => removeUserFromGroup(deps, input, context),
    SetDefaultPolicyVersion: (input, context) => setDefaultPolicyVersion(deps, input, context),
    SimulateCustomPolicy: (input, context) => simulateCustomPolicy(deps, input, context),
    SimulatePrincipalPolicy: (input, context) => simulatePrincipalPolicy(deps, input, context),
    TagPolicy: (input, context) => tagPolicy(deps, input, context),
    TagRole: (input, context) => tagRole(deps, input, context),
    TagUser: (input, context) => tagUser(deps, input, context),
    UntagPolicy: (input, context) => untagPolicy(deps, input, context),
    UntagRole: (input, context) => untagRole(deps, input, context),
    UntagUser: (input, context) => untagUser(deps, input, context),
    UpdateAccessKey: (input, context) => updateAccessKey(deps, input, context),
    UpdateAssumeRolePolicy: (input, context) => updateAssumeRolePolicy(deps, input, context),
    UpdateGroup: (input, context) => updateGroup(deps, input, context),
    UpdateRole: (input, context) => updateRole(deps, input, context),
    UpdateRoleDescription: (input, context) => updateRoleDescription(deps, input, context),
    UpdateUser: (input, context) => updateUser(deps, input, context),
  }) satisfies IamTable as OperationTable
