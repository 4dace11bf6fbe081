import type {
  AttachGroupPolicyRequest,
  AttachRolePolicyRequest,
  AttachUserPolicyRequest,
} from '../../../model/generated/iam.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { notAttachable, quotaExceeded } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { lookUpPolicy, policyGuards } from '../managed-policies/policy-store.ts'
import { findOwner, type Owner, ownerChanged, ownerGuard } from '../owner.ts'

/** The most that AWS raises each quota to; a group's cannot be raised. */
const QUOTAS = {
  role: { name: 'PoliciesPerRole', maximum: 20 },
  user: { name: 'PoliciesPerUser', maximum: 20 },
  group: { name: 'PoliciesPerGroup', maximum: 10 },
} as const

/** Attaching what is attached already is no error. */
async function attach(deps: IamDeps, owner: Owner, arn: string): Promise<void> {
  const found = await lookUpPolicy(deps, owner.account, arn)
  if (found === undefined) throw notAttachable(arn)
  const { query } = deps.database
  const { name: quota, maximum } = QUOTAS[owner.kind]
  await deps.database.commit([
    ownerGuard(deps, owner),
    ...policyGuards(deps, found, () => notAttachable(arn)),
    statement(
      query
        .insertInto('iam_attachments')
        .values({
          account: owner.account,
          owner_kind: owner.kind,
          owner_id: owner.id,
          policy_arn: arn,
          policy_name: found.origin === 'aws' ? found.policy.name : found.row.name,
        })
        .onConflict((conflict) => conflict.doNothing()),
    ),
    statement(
      query
        .selectFrom('iam_attachments')
        .select('policy_arn')
        .where('owner_id', '=', owner.id)
        .offset(maximum)
        .limit(1),
      none(() => quotaExceeded(quota, maximum)),
    ),
    ownerChanged(deps, owner),
  ])
}

export const attachRolePolicy = async (
  deps: IamDeps,
  input: AttachRolePolicyRequest,
  { account }: RequestContext,
): Promise<void> => attach(deps, await findOwner(deps, account, 'role', input.RoleName), input.PolicyArn)

export const attachUserPolicy = async (
  deps: IamDeps,
  input: AttachUserPolicyRequest,
  { account }: RequestContext,
): Promise<void> => attach(deps, await findOwner(deps, account, 'user', input.UserName), input.PolicyArn)

export const attachGroupPolicy = async (
  deps: IamDeps,
  input: AttachGroupPolicyRequest,
  { account }: RequestContext,
): Promise<void> => attach(deps, await findOwner(deps, account, 'group', input.GroupName), input.PolicyArn)
