import type {
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  PolicyVersion,
  SetDefaultPolicyVersionRequest,
} from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { AWS_MANAGED_CREATED } from '../aws-managed/aws-managed-policies.ts'
import { encodeDocument } from '../document.ts'
import { deleteConflict, noSuchVersion } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf } from '../paging.ts'
import { findOwnPolicy, findPolicy } from './policy-store.ts'

async function readVersions(deps: IamDeps, account: string, arn: string): Promise<PolicyVersion[]> {
  const found = await findPolicy(deps, account, arn)
  if (found.origin === 'aws') {
    const Document = encodeDocument(found.policy.document)
    return [{ Document, VersionId: 'v1', IsDefaultVersion: true, CreateDate: AWS_MANAGED_CREATED }]
  }
  const rows = await deps.database.query
    .selectFrom('iam_policy_versions')
    .selectAll()
    .where('policy_id', '=', found.row.policy_id)
    .orderBy('version', 'desc')
    .execute()
  return rows.map((row) => ({
    Document: encodeDocument(row.document),
    VersionId: `v${row.version}`,
    IsDefaultVersion: row.version === found.row.default_version,
    CreateDate: row.created_at,
  }))
}

export async function getPolicyVersion(
  deps: IamDeps,
  input: GetPolicyVersionRequest,
  { account }: RequestContext,
): Promise<GetPolicyVersionResponse> {
  const versions = await readVersions(deps, account, input.PolicyArn)
  const found = versions.find((version) => version.VersionId === input.VersionId)
  if (found === undefined) throw noSuchVersion(input.PolicyArn, input.VersionId)
  return { PolicyVersion: found }
}

/** Newest first, without the documents. */
export async function listPolicyVersions(
  deps: IamDeps,
  input: ListPolicyVersionsRequest,
  { account }: RequestContext,
): Promise<ListPolicyVersionsResponse> {
  const versions = await readVersions(deps, account, input.PolicyArn)
  const newestFirst = (version: PolicyVersion) => String(1e9 - numberOf(version.VersionId!)).padStart(10, '0')
  const { items, ...paging } = pageOf(versions, newestFirst, ['versions', account, input.PolicyArn], input)
  return { Versions: items.map((version) => ({ ...version, Document: undefined })), ...paging }
}

export async function setDefaultPolicyVersion(
  deps: IamDeps,
  input: SetDefaultPolicyVersionRequest,
  { account, now }: RequestContext,
): Promise<void> {
  const { policy_id: id } = await findOwnPolicy(deps, account, input.PolicyArn)
  const version = numberOf(input.VersionId)
  const { query } = deps.database
  const missing = one(() => noSuchVersion(input.PolicyArn, input.VersionId))
  await deps.database.commit([
    statement(
      query
        .selectFrom('iam_policy_versions')
        .select('version')
        .where('policy_id', '=', id)
        .where('version', '=', version),
      missing,
    ),
    statement(
      query.updateTable('iam_policies').set({ default_version: version, updated_at: now }).where('policy_id', '=', id),
      missing,
    ),
    identitiesChanged(deps.changeFeed),
  ])
}

export async function deletePolicyVersion(
  deps: IamDeps,
  input: DeletePolicyVersionRequest,
  { account, now }: RequestContext,
): Promise<void> {
  const { policy_id: id } = await findOwnPolicy(deps, account, input.PolicyArn)
  const version = numberOf(input.VersionId)
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query
        .selectFrom('iam_policies')
        .select('policy_id')
        .where('policy_id', '=', id)
        .where('default_version', '=', version),
      none(() => deleteConflict('Cannot delete the default version of a policy.')),
    ),
    statement(
      query.deleteFrom('iam_policy_versions').where('policy_id', '=', id).where('version', '=', version),
      one(() => noSuchVersion(input.PolicyArn, input.VersionId)),
    ),
    statement(query.updateTable('iam_policies').set({ updated_at: now }).where('policy_id', '=', id)),
  ])
}

/** `v12` → 12; a version id may carry a suffix, which no version here has. */
const numberOf = (versionId: string): number => (/^v\d{1,9}$/.test(versionId) ? Number(versionId.slice(1)) : 0)
