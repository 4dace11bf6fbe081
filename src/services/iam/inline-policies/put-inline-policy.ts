import { sql } from 'kysely'
import { documentSize } from '../../../access/policy-document.ts'
import type { PutGroupPolicyRequest, PutRolePolicyRequest, PutUserPolicyRequest } from '../../../model/generated/iam.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { requirePolicyDocument } from '../document.ts'
import { inlinePoliciesTooLarge } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner, ownerChanged, ownerGuard } from '../owner.ts'

/** Characters that all inline policies of one owner may have together, white space not counted. */
const MAX_SIZE = { role: 10_240, user: 2_048, group: 5_120 } as const

/** Creates or replaces. */
async function put(deps: IamDeps, owner: Owner, name: string, document: string): Promise<void> {
  requirePolicyDocument(document, 'identity')
  const size = documentSize(document)
  const limit = MAX_SIZE[owner.kind]
  const tooLarge = () => inlinePoliciesTooLarge(owner.kind, owner.name, limit)
  const { query } = deps.database
  await deps.database.commit([
    ownerGuard(deps, owner),
    statement(
      query
        .insertInto('iam_inline_policies')
        .values({ owner_id: owner.id, name, document, size })
        .onConflict((conflict) => conflict.columns(['owner_id', 'name']).doUpdateSet({ document, size })),
    ),
    statement(
      query
        .selectFrom('iam_inline_policies')
        .select(sql<number>`sum(size)`.as('total'))
        .where('owner_id', '=', owner.id)
        .having(sql<boolean>`sum(size) > ${limit}`),
      none(tooLarge),
    ),
    ownerChanged(deps, owner),
  ])
}

export const putRolePolicy = async (
  deps: IamDeps,
  input: PutRolePolicyRequest,
  { account }: RequestContext,
): Promise<void> =>
  put(deps, await findOwner(deps, account, 'role', input.RoleName), input.PolicyName, input.PolicyDocument)

export const putUserPolicy = async (
  deps: IamDeps,
  input: PutUserPolicyRequest,
  { account }: RequestContext,
): Promise<void> =>
  put(deps, await findOwner(deps, account, 'user', input.UserName), input.PolicyName, input.PolicyDocument)

export const putGroupPolicy = async (
  deps: IamDeps,
  input: PutGroupPolicyRequest,
  { account }: RequestContext,
): Promise<void> =>
  put(deps, await findOwner(deps, account, 'group', input.GroupName), input.PolicyName, input.PolicyDocument)
