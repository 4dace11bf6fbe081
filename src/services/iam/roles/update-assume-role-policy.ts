import type { UpdateAssumeRolePolicyRequest } from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchRole } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { requireTrustPolicy } from './create-role.ts'
import { findRole } from './role-store.ts'

export async function updateAssumeRolePolicy(
  deps: IamDeps,
  input: UpdateAssumeRolePolicyRequest,
  { account }: RequestContext,
): Promise<void> {
  await findRole(deps, account, input.RoleName)
  await requireTrustPolicy(deps, input.PolicyDocument)
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('iam_roles')
        .set({ trust_policy: input.PolicyDocument })
        .where('account', '=', account)
        .where('name_key', '=', input.RoleName.toLowerCase()),
      one(() => noSuchRole(input.RoleName)),
    ),
  ])
}
