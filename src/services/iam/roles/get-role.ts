import type { GetRoleRequest, GetRoleResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findRole, toRole } from './role-store.ts'

export const getRole = async (
  deps: IamDeps,
  input: GetRoleRequest,
  context: RequestContext,
): Promise<GetRoleResponse> => ({ Role: toRole(await findRole(deps, context.account, input.RoleName)) })
