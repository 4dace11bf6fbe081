import { sql } from 'kysely'
import type { Policy } from '../../../model/generated/iam.ts'
import type { Statement } from '../../../storage/database.ts'
import type { PolicyRow } from '../../../storage/schema/access.ts'
import { one, statement } from '../../../storage/statement.ts'
import {
  AWS_MANAGED_CREATED,
  type AwsManagedPolicy,
  findAwsManagedPolicy,
} from '../aws-managed/aws-managed-policies.ts'
import { noSuchPolicy, notABoundary } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { parseTags } from '../tag-list.ts'

const policyArn = (row: Pick<PolicyRow, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${row.account}:policy${row.path}${row.name}`

export type FoundPolicy =
  | { readonly origin: 'aws'; readonly policy: AwsManagedPolicy }
  | { readonly origin: 'account'; readonly row: PolicyRow }

/** A policy of AWS or of the account by its ARN, path included; undefined when there is none. */
export async function lookUpPolicy(
  deps: Pick<IamDeps, 'database'>,
  account: string,
  arn: string,
): Promise<FoundPolicy | undefined> {
  const policy = findAwsManagedPolicy(arn)
  if (policy !== undefined) return { origin: 'aws', policy }
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const row = await deps.database.query
    .selectFrom('iam_policies')
    .selectAll()
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst()
  return row !== undefined && policyArn(row) === arn ? { origin: 'account', row } : undefined
}

/** @throws NoSuchEntity */
export async function findPolicy(deps: IamDeps, account: string, arn: string): Promise<FoundPolicy> {
  const found = await lookUpPolicy(deps, account, arn)
  if (found === undefined) throw noSuchPolicy(arn)
  return found
}

/** A policy of the account; those of AWS cannot be changed. @throws NoSuchEntity */
export async function findOwnPolicy(deps: IamDeps, account: string, arn: string): Promise<PolicyRow> {
  const found = await findPolicy(deps, account, arn)
  if (found.origin === 'aws') throw noSuchPolicy(arn)
  return found.row
}

/** Guards that a policy is still there; those of AWS always are. */
export const policyGuards = (deps: IamDeps, found: FoundPolicy, otherwise: () => Error): Statement[] =>
  found.origin === 'aws'
    ? []
    : [
        statement(
          deps.database.query
            .selectFrom('iam_policies')
            .select('policy_id')
            .where('policy_id', '=', found.row.policy_id),
          one(otherwise),
        ),
      ]

/** Guards for a permissions boundary that a new user or role names. @throws NoSuchEntity */
export async function boundaryGuards(deps: IamDeps, account: string, arn: string | undefined): Promise<Statement[]> {
  if (arn === undefined) return []
  const found = await lookUpPolicy(deps, account, arn)
  if (found === undefined) throw notABoundary(arn)
  return policyGuards(deps, found, () => notABoundary(arn))
}

/** How often policies are attached, and used as boundaries, in an account: by ARN. */
export interface Usage {
  readonly attachments: ReadonlyMap<string, number>
  readonly boundaries: ReadonlyMap<string, number>
}

export async function readUsage(deps: IamDeps, account: string): Promise<Usage> {
  const { query } = deps.database
  const attachments = await query
    .selectFrom('iam_attachments')
    .select(['policy_arn', sql<number>`count(*)`.as('uses')])
    .where('account', '=', account)
    .groupBy('policy_arn')
    .execute()
  const boundaries = new Map<string, number>()
  for (const table of ['iam_roles', 'iam_users'] as const) {
    const rows = await query
      .selectFrom(table)
      .select(['permissions_boundary', sql<number>`count(*)`.as('uses')])
      .where('account', '=', account)
      .where('permissions_boundary', 'is not', null)
      .groupBy('permissions_boundary')
      .execute()
    for (const { permissions_boundary: arn, uses } of rows) {
      boundaries.set(arn!, (boundaries.get(arn!) ?? 0) + Number(uses))
    }
  }
  return { attachments: new Map(attachments.map((row) => [row.policy_arn, Number(row.uses)])), boundaries }
}

/** As lists show it: without description and tags. */
export function toListedPolicy(found: FoundPolicy, usage: Usage): Policy {
  const row =
    found.origin === 'aws'
      ? {
          name: found.policy.name,
          policy_id: found.policy.id,
          path: found.policy.path,
          default_version: 1,
          created_at: AWS_MANAGED_CREATED,
          updated_at: AWS_MANAGED_CREATED,
        }
      : found.row
  const arn = found.origin === 'aws' ? found.policy.arn : policyArn(found.row)
  return {
    PolicyName: row.name,
    PolicyId: row.policy_id,
    Arn: arn,
    Path: row.path,
    DefaultVersionId: `v${row.default_version}`,
    AttachmentCount: usage.attachments.get(arn) ?? 0,
    PermissionsBoundaryUsageCount: usage.boundaries.get(arn) ?? 0,
    IsAttachable: true,
    CreateDate: row.created_at,
    UpdateDate: row.updated_at,
  }
}

export const toPolicy = (found: FoundPolicy, usage: Usage): Policy => ({
  ...toListedPolicy(found, usage),
  Description: (found.origin === 'aws' ? found.policy.description : found.row.description) ?? undefined,
  Tags: found.origin === 'aws' ? [] : [...parseTags(found.row.tags)],
})
