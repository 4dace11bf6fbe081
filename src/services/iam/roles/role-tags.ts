import type {
  ListRoleTagsRequest,
  ListRoleTagsResponse,
  TagRoleRequest,
  UntagRoleRequest,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { withoutTags, withTags } from '../tag-list.ts'
import { changeTags, listTags, type TaggedRow } from '../tagging.ts'
import { findRole } from './role-store.ts'

async function read(deps: IamDeps, account: string, name: string): Promise<TaggedRow> {
  const row = await findRole(deps, account, name)
  return { table: 'iam_roles', id: row.role_id, tags: row.tags }
}

export const tagRole = (deps: IamDeps, input: TagRoleRequest, { account, signal }: RequestContext): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.RoleName),
    (json) => withTags(json, input.Tags),
    signal,
  )

export const untagRole = (deps: IamDeps, input: UntagRoleRequest, { account, signal }: RequestContext): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.RoleName),
    (json) => withoutTags(json, input.TagKeys),
    signal,
  )

export const listRoleTags = async (
  deps: IamDeps,
  input: ListRoleTagsRequest,
  { account }: RequestContext,
): Promise<ListRoleTagsResponse> => listTags(await read(deps, account, input.RoleName), input)
