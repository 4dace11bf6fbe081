import { queueMissing } from './errors.ts'
import type { SqsFacade } from './facade.ts'
import { insertMessages, messageRow } from './messages/message-rows.ts'
import { queueOfArn } from './queue-name.ts'
import { numberOf } from './queues/queue-attributes.ts'
import type { SqsDeps } from './sqs-deps.ts'

/** SQS for the other services. */
export function createSqsFacade(deps: SqsDeps): SqsFacade {
  return {
    async openQueue(principal, queueArn, conditions) {
      await deps.authorizer.require({ principal, action: 'sqs:SendMessage', resource: queueArn, conditions })
      const name = queueOfArn(queueArn)
      if (name === undefined) throw queueMissing()
      const queue = await deps.catalog.require(name)
      return {
        maximumBytes: numberOf(queue.attributes, 'MaximumMessageSize'),
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
