import type {
  PublishBatchInput,
  PublishBatchResponse,
  PublishInput,
  PublishResponse,
} from '../../../model/generated/sns.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import {
  batchTooLong,
  emptyBatch,
  idsNotDistinct,
  invalidEntryId,
  invalidParameter,
  tooManyEntries,
  topicMissing,
} from '../errors.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn } from '../topic-name.ts'
import type { Topic } from '../topics/topic-catalog.ts'
import { acceptMessage, MOST_BYTES } from './accept-message.ts'
import type { PublicationContent } from './publication.ts'
import { publicationStatements, requireTopic } from './publication-rows.ts'

const ID = /^[A-Za-z0-9_-]{1,80}$/

/** The ARN of what is published to. @throws NotImplemented for phones and mobile applications */
export function publishTarget({ TopicArn, TargetArn, PhoneNumber }: PublishInput): string {
  if (PhoneNumber !== undefined) throw notImplemented('Publishing to phone numbers')
  const arn = TopicArn ?? TargetArn
  if (arn === undefined) throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter')
  if (TopicArn !== undefined && TargetArn !== undefined)
    throw invalidParameter('TopicArn or TargetArn Reason: both are given')
  if (arn.includes(':endpoint/') || arn.includes(':app/')) throw notImplemented('Publishing to mobile applications')
  return arn
}

export async function publish(deps: SnsDeps, input: PublishInput, context: RequestContext): Promise<PublishResponse> {
  const name = requireTopicArn(publishTarget(input))
  const { content } = acceptMessage(input)
  const [id] = await store(deps, await deps.topics.require(name), [content], context.now)
  return { MessageId: id as string }
}

/** Entries that are refused are told one by one; the others are published together. */
export async function publishBatch(
  deps: SnsDeps,
  input: PublishBatchInput,
  context: RequestContext,
): Promise<PublishBatchResponse> {
  const entries = input.PublishBatchRequestEntries
  const name = requireTopicArn(input.TopicArn)
  if (entries.length === 0) throw emptyBatch()
  if (entries.length > 10) throw tooManyEntries(entries.length)
  if (entries.some(({ Id }) => !ID.test(Id))) throw invalidEntryId()
  if (new Set(entries.map(({ Id }) => Id)).size !== entries.length) throw idsNotDistinct()
  const topic = await deps.topics.require(name)
  const accepted: { readonly Id: string; readonly content: PublicationContent }[] = []
  const Failed: NonNullable<PublishBatchResponse['Failed']> = []
  let total = 0
  for (const entry of entries) {
    try {
      const { content, bytes } = acceptMessage(entry)
      total += bytes
      accepted.push({ Id: entry.Id, content })
    } catch (error) {
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true })
    }
  }
  if (total > MOST_BYTES) throw batchTooLong(MOST_BYTES)
  const ids =
    accepted.length === 0
      ? []
      : await store(
          deps,
          topic,
          accepted.map(({ content }) => content),
          context.now,
        )
  return { Successful: accepted.map(({ Id }, index) => ({ Id, MessageId: ids[index] as string })), Failed }
}

async function store(
  deps: SnsDeps,
  topic: Topic,
  contents: readonly PublicationContent[],
  now: number,
): Promise<readonly string[]> {
  const { ids, statements } = publicationStatements(deps, topic, contents, now)
  await deps.database.commit([requireTopic(deps, topic, topicMissing), ...statements])
  return ids
}
