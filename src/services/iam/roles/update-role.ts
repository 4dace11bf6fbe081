import type {
  UpdateRoleDescriptionRequest,
  UpdateRoleDescriptionResponse,
  UpdateRoleRequest,
  UpdateRoleResponse,
} from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchRole } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findRole, toRole } from './role-store.ts'

/** Members that are absent keep their value. */
export async function updateRole(
  deps: IamDeps,
  input: UpdateRoleRequest,
  context: RequestContext,
): Promise<UpdateRoleResponse> {
  const row = await findRole(deps, context.account, input.RoleName)
  const description = input.Description ?? row.description
  const duration = input.MaxSessionDuration ?? row.max_session_duration
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('iam_roles')
        .set({ description, max_session_duration: duration })
        .where('role_id', '=', row.role_id),
      one(() => noSuchRole(input.RoleName)),
    ),
  ])
  return {}
}

export async function updateRoleDescription(
  deps: IamDeps,
  input: UpdateRoleDescriptionRequest,
  context: RequestContext,
): Promise<UpdateRoleDescriptionResponse> {
  await updateRole(deps, { RoleName: input.RoleName, Description: input.Description }, context)
  return { Role: toRole(await findRole(deps, context.account, input.RoleName)) }
}
