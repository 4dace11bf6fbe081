import type {
  ListQueueTagsRequest,
  ListQueueTagsResult,
  TagQueueRequest,
  UntagQueueRequest,
} from '../../../model/generated/sqs.ts'
import type { RequestContext } from '../../operation.ts'
import { queueOfUrl } from '../queue-name.ts'
import { changeQueue } from '../queues/change-queue.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { withoutTags, withTags } from './tag-list.ts'

export async function tagQueue(deps: SqsDeps, input: TagQueueRequest, context: RequestContext): Promise<undefined> {
  await changeQueue(deps, queueOfUrl(input.QueueUrl, context.region), ({ tags }) => ({
    tags: withTags(tags, input.Tags),
  }))
  return undefined
}

export async function untagQueue(deps: SqsDeps, input: UntagQueueRequest, context: RequestContext): Promise<undefined> {
  await changeQueue(deps, queueOfUrl(input.QueueUrl, context.region), ({ tags }) => ({
    tags: withoutTags(tags, input.TagKeys),
  }))
  return undefined
}

export async function listQueueTags(
  deps: SqsDeps,
  input: ListQueueTagsRequest,
  context: RequestContext,
): Promise<ListQueueTagsResult> {
  const { tags } = await deps.catalog.requireStored(queueOfUrl(input.QueueUrl, context.region))
  return Object.keys(tags).length === 0 ? {} : { Tags: tags }
}
