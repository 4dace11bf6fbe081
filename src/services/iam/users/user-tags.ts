import type {
  ListUserTagsRequest,
  ListUserTagsResponse,
  TagUserRequest,
  UntagUserRequest,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { withoutTags, withTags } from '../tag-list.ts'
import { changeTags, listTags, type TaggedRow } from '../tagging.ts'
import { findUser } from './user-store.ts'

async function read(deps: IamDeps, account: string, name: string): Promise<TaggedRow> {
  const row = await findUser(deps, account, name)
  return { table: 'iam_users', id: row.user_id, tags: row.tags }
}

export const tagUser = (deps: IamDeps, input: TagUserRequest, { account, signal }: RequestContext): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.UserName),
    (json) => withTags(json, input.Tags),
    signal,
  )

export const untagUser = (deps: IamDeps, input: UntagUserRequest, { account, signal }: RequestContext): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.UserName),
    (json) => withoutTags(json, input.TagKeys),
    signal,
  )

export const listUserTags = async (
  deps: IamDeps,
  input: ListUserTagsRequest,
  { account }: RequestContext,
): Promise<ListUserTagsResponse> => listTags(await read(deps, account, input.UserName), input)
