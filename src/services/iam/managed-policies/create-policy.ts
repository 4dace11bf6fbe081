import { documentSize } from '../../../access/policy-document.ts'
import type { CreatePolicyRequest, CreatePolicyResponse } from '../../../model/generated/iam.ts'
import { iamUniqueId } from '../../../shared/ids.ts'
import type { PolicyRow } from '../../../storage/schema/access.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { requirePolicyDocument } from '../document.ts'
import { policyExists, quotaExceeded } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { newTags } from '../tag-list.ts'
import { toPolicy } from './policy-store.ts'

const MAX_POLICIES = 1_500
const MAX_DOCUMENT = 6_144

export async function createPolicy(
  deps: IamDeps,
  input: CreatePolicyRequest,
  context: RequestContext,
): Promise<CreatePolicyResponse> {
  requireManagedDocument(input.PolicyDocument)
  const { account, now } = context
  const row: PolicyRow = {
    account,
    name_key: input.PolicyName.toLowerCase(),
    name: input.PolicyName,
    path: input.Path ?? '/',
    policy_id: iamUniqueId('ANPA'),
    description: input.Description ?? null,
    default_version: 1,
    last_version: 1,
    tags: newTags(input.Tags),
    created_at: now,
    updated_at: now,
  }
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query
        .insertInto('iam_policies')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
      one(() => policyExists(input.PolicyName)),
    ),
    statement(
      query.selectFrom('iam_policies').select('policy_id').where('account', '=', account).limit(1).offset(MAX_POLICIES),
      none(() => quotaExceeded('PoliciesPerAccount', MAX_POLICIES)),
    ),
    statement(
      query
        .insertInto('iam_policy_versions')
        .values({ policy_id: row.policy_id, version: 1, document: input.PolicyDocument, created_at: now }),
    ),
    // A session may name a policy that was deleted and is made again.
    identitiesChanged(deps.changeFeed),
  ])
  return { Policy: toPolicy({ origin: 'account', row }, { attachments: new Map(), boundaries: new Map() }) }
}

/** @throws MalformedPolicyDocument, LimitExceeded */
export function requireManagedDocument(document: string): void {
  requirePolicyDocument(document, 'identity')
  if (documentSize(document) > MAX_DOCUMENT) throw quotaExceeded('PolicySize', MAX_DOCUMENT)
}
