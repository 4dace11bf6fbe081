import type {
  ListPolicyTagsRequest,
  ListPolicyTagsResponse,
  TagPolicyRequest,
  UntagPolicyRequest,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { withoutTags, withTags } from '../tag-list.ts'
import { changeTags, listTags, type TaggedRow } from '../tagging.ts'
import { findOwnPolicy } from './policy-store.ts'

async function read(deps: IamDeps, account: string, arn: string): Promise<TaggedRow> {
  const row = await findOwnPolicy(deps, account, arn)
  return { table: 'iam_policies', id: row.policy_id, tags: row.tags }
}

export const tagPolicy = (deps: IamDeps, input: TagPolicyRequest, { account, signal }: RequestContext): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.PolicyArn),
    (json) => withTags(json, input.Tags),
    signal,
  )

export const untagPolicy = (
  deps: IamDeps,
  input: UntagPolicyRequest,
  { account, signal }: RequestContext,
): Promise<void> =>
  changeTags(
    deps,
    () => read(deps, account, input.PolicyArn),
    (json) => withoutTags(json, input.TagKeys),
    signal,
  )

export const listPolicyTags = async (
  deps: IamDeps,
  input: ListPolicyTagsRequest,
  { account }: RequestContext,
): Promise<ListPolicyTagsResponse> => listTags(await read(deps, account, input.PolicyArn), input)
