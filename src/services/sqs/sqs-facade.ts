import { isXmlText } from '../../shared/xml-text.ts'
import { queueMissing } from './errors.ts'
import type { QueuedMessage, SqsFacade } from './facade.ts'
import { attributesSize, MAX_ATTRIBUTES } from './messages/message-attributes.ts'
import { insertMessages, messageRow } from './messages/message-rows.ts'
import { queueOfArn } from './queue-name.ts'
import { numberOf } from './queues/queue-attributes.ts'
import type { Queue } from './queues/queue-catalog.ts'
import type { SqsDeps } from './sqs-deps.ts'

function refusalOf(queue: Queue, { body, attributes }: QueuedMessage): string | undefined {
  const limit = numberOf(queue.attributes, 'MaximumMessageSize')
  if (Buffer.byteLength(body) + attributesSize(attributes) > limit) return `A message has ${limit} bytes at most.`
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) return `A message has ${MAX_ATTRIBUTES} attributes at most.`
  const texts = Object.values(attributes).map(({ value }) => value)
  return [body, ...texts].every(isXmlText) ? undefined : 'A message has characters that no message may have.'
}

/** SQS for the other services. */
export function createSqsFacade(deps: SqsDeps): SqsFacade {
  return {
    async openQueue(principal, queueArn, conditions) {
      await deps.authorizer.require({ principal, action: 'sqs:SendMessage', resource: queueArn, conditions })
      const name = queueOfArn(queueArn)
      if (name === undefined) throw queueMissing()
      const queue = await deps.catalog.require(name)
      return {
        refusalOf: (message) => refusalOf(queue, message),
        enqueue: (messages) => {
          const origin = { sender: principal.userId, now: deps.clock.now() }
          return insertMessages(
            deps,
            messages.map((message) => messageRow(deps, queue, message, origin)),
          )
        },
      }
    },
  }
}
