import type { DeletePolicyRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { deleteConflict, noSuchPolicy } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwnPolicy } from './policy-store.ts'

export async function deletePolicy(
  deps: IamDeps,
  input: DeletePolicyRequest,
  { account }: RequestContext,
): Promise<void> {
  const arn = input.PolicyArn
  const row = await findOwnPolicy(deps, account, arn)
  const { query } = deps.database
  const inUse = none(() => deleteConflict('Cannot delete a policy attached to entities.'))
  const boundaryOf = (table: 'iam_roles' | 'iam_users') =>
    query.selectFrom(table).select('name').where('account', '=', account).where('permissions_boundary', '=', arn)
  await deps.database.commit([
    statement(
      query
        .selectFrom('iam_attachments')
        .select('owner_id')
        .where('account', '=', account)
        .where('policy_arn', '=', arn)
        .limit(1),
      inUse,
    ),
    statement(boundaryOf('iam_roles').limit(1), inUse),
    statement(boundaryOf('iam_users').limit(1), inUse),
    statement(
      query
        .selectFrom('iam_policy_versions')
        .select('version')
        .where('policy_id', '=', row.policy_id)
        .offset(1)
        .limit(1),
      none(() =>
        deleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ),
      ),
    ),
    statement(query.deleteFrom('iam_policy_versions').where('policy_id', '=', row.policy_id)),
    statement(
      query.deleteFrom('iam_policies').where('policy_id', '=', row.policy_id),
      one(() => noSuchPolicy(arn)),
    ),
    // Sessions may still name it.
    identitiesChanged(deps.changeFeed),
  ])
}
