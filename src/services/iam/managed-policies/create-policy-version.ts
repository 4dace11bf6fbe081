import { sql } from 'kysely'
import type { CreatePolicyVersionRequest, CreatePolicyVersionResponse } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { noSuchPolicy, tooManyVersions } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { requireManagedDocument } from './create-policy.ts'
import { findOwnPolicy } from './policy-store.ts'

const MAX_VERSIONS = 5

export async function createPolicyVersion(
  deps: IamDeps,
  input: CreatePolicyVersionRequest,
  { account, now }: RequestContext,
): Promise<CreatePolicyVersionResponse> {
  const { policy_id: id } = await findOwnPolicy(deps, account, input.PolicyArn)
  requireManagedDocument(input.PolicyDocument)
  const { query } = deps.database
  const isDefault = input.SetAsDefault === true
  const results = await deps.database.commit([
    statement(
      query
        .updateTable('iam_policies')
        .set({ last_version: sql`last_version + 1`, updated_at: now })
        .$if(isDefault, (update) => update.set({ default_version: sql`last_version + 1` }))
        .where('policy_id', '=', id)
        .returning('last_version'),
      one(() => noSuchPolicy(input.PolicyArn)),
    ),
    statement(
      query
        .selectFrom('iam_policy_versions')
        .select('version')
        .where('policy_id', '=', id)
        .offset(MAX_VERSIONS - 1)
        .limit(1),
      none(tooManyVersions),
    ),
    statement(
      query
        .insertInto('iam_policy_versions')
        .columns(['policy_id', 'version', 'document', 'created_at'])
        .expression(
          query
            .selectFrom('iam_policies')
            .select([
              'policy_id',
              'last_version',
              sql<string>`cast(${input.PolicyDocument} as text)`.as('document'),
              sql<number>`cast(${now} as bigint)`.as('created_at'),
            ])
            .where('policy_id', '=', id),
        ),
    ),
    identitiesChanged(deps.changeFeed),
  ])
  const version = results[0]!.rows[0]!.last_version as number
  return { PolicyVersion: { VersionId: `v${version}`, IsDefaultVersion: isDefault, CreateDate: now } }
}
