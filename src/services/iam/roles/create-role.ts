import { documentSize } from '../../../access/policy-document.ts'
import type { CreateRoleRequest, CreateRoleResponse } from '../../../model/generated/iam.ts'
import { iamUniqueId } from '../../../shared/ids.ts'
import type { RoleRow } from '../../../storage/schema/access.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { requirePolicyDocument } from '../document.ts'
import { quotaExceeded, roleExists } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { boundaryGuards } from '../managed-policies/policy-store.ts'
import { requireNamedPrincipals } from '../named-principals.ts'
import { newTags } from '../tag-list.ts'
import { toRole } from './role-store.ts'

const MAX_ROLES = 5_000
const MAX_TRUST_POLICY = 4_096

export async function createRole(
  deps: IamDeps,
  input: CreateRoleRequest,
  context: RequestContext,
): Promise<CreateRoleResponse> {
  await requireTrustPolicy(deps, input.AssumeRolePolicyDocument)
  const { account } = context
  const row: RoleRow = {
    account,
    name_key: input.RoleName.toLowerCase(),
    name: input.RoleName,
    path: input.Path ?? '/',
    role_id: iamUniqueId('AROA'),
    trust_policy: input.AssumeRolePolicyDocument,
    description: input.Description ?? null,
    max_session_duration: input.MaxSessionDuration ?? 3600,
    permissions_boundary: input.PermissionsBoundary ?? null,
    tags: newTags(input.Tags),
    created_at: context.now,
  }
  const { query } = deps.database
  await deps.database.commit([
    ...(await boundaryGuards(deps, account, input.PermissionsBoundary)),
    statement(
      query
        .insertInto('iam_roles')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
      one(() => roleExists(input.RoleName)),
    ),
    statement(
      query.selectFrom('iam_roles').select('role_id').where('account', '=', account).limit(1).offset(MAX_ROLES),
      none(() => quotaExceeded('RolesPerAccount', MAX_ROLES)),
    ),
  ])
  return { Role: toRole(row) }
}

/** @throws MalformedPolicyDocument, LimitExceeded */
export async function requireTrustPolicy(deps: IamDeps, document: string): Promise<void> {
  requirePolicyDocument(document, 'trust')
  if (documentSize(document) > MAX_TRUST_POLICY) throw quotaExceeded('ACLSizePerRole', MAX_TRUST_POLICY)
  await requireNamedPrincipals(deps, document)
}
