import { sql } from 'kysely'
import type { GetAccountSummaryResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'

const QUOTAS = {
  UsersQuota: 5_000,
  GroupsQuota: 300,
  RolesQuota: 5_000,
  PoliciesQuota: 1_500,
  VersionsPerPolicyQuota: 5,
  AccessKeysPerUserQuota: 2,
  GroupsPerUserQuota: 10,
  AttachedPoliciesPerUserQuota: 20,
  AttachedPoliciesPerRoleQuota: 20,
  AttachedPoliciesPerGroupQuota: 10,
  UserPolicySizeQuota: 2_048,
  GroupPolicySizeQuota: 5_120,
  RolePolicySizeQuota: 10_240,
  PolicySizeQuota: 6_144,
  AssumeRolePolicySizeQuota: 4_096,
} as const

/** How many there are of each, and may be. What IAM has and this does not is left out. */
export async function getAccountSummary(
  { database: { query } }: IamDeps,
  _input: unknown,
  { account }: RequestContext,
): Promise<GetAccountSummaryResponse> {
  const count = async (table: 'iam_users' | 'iam_groups' | 'iam_roles' | 'iam_policies') => {
    const row = await query
      .selectFrom(table)
      .select(sql<number>`count(*)`.as('total'))
      .where('account', '=', account)
      .executeTakeFirstOrThrow()
    return Number(row.total)
  }
  const rootKey = await query
    .selectFrom('access_keys')
    .select('access_key_id')
    .where('account', '=', account)
    .where('user_id', 'is', null)
    .limit(1)
    .executeTakeFirst()
  const [Users, Groups, Roles, Policies] = await Promise.all([
    count('iam_users'),
    count('iam_groups'),
    count('iam_roles'),
    count('iam_policies'),
  ])
  const AccountAccessKeysPresent = rootKey === undefined ? 0 : 1
  return { SummaryMap: { Users, Groups, Roles, Policies, AccountAccessKeysPresent, MFADevices: 0, ...QUOTAS } }
}
