import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '../../../model/generated/sns.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import { resourceMissing } from '../errors.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn } from '../topic-name.ts'
import { changeTopic } from '../topics/change-topic.ts'
import { withoutTags, withTags } from './tag-list.ts'

export async function tagResource(deps: SnsDeps, input: TagResourceRequest): Promise<TagResourceResponse> {
  const name = requireTopicArn(input.ResourceArn, 'ResourceArn')
  await named(changeTopic(deps, name, ({ tags }) => ({ tags: withTags(tags, input.Tags) })))
  return {}
}

export async function untagResource(deps: SnsDeps, input: UntagResourceRequest): Promise<UntagResourceResponse> {
  const name = requireTopicArn(input.ResourceArn, 'ResourceArn')
  await named(changeTopic(deps, name, ({ tags }) => ({ tags: withoutTags(tags, input.TagKeys) })))
  return {}
}

export async function listTagsForResource(
  deps: SnsDeps,
  input: ListTagsForResourceRequest,
): Promise<ListTagsForResourceResponse> {
  const { tags } = await named(deps.topics.requireStored(requireTopicArn(input.ResourceArn, 'ResourceArn')))
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}

/** These operations call a missing topic by another name. */
async function named<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    throw error instanceof ServiceError && error.code === 'NotFound' ? resourceMissing() : error
  }
}
