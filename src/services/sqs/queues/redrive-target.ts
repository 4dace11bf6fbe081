import { invalidAttribute } from '../errors.ts'
import { type QueueName, queueArn, queueOfArn } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { type QueueAttributes, type RedriveAllowPolicy, redriveOf } from './queue-attributes.ts'

/**
 * The dead-letter queue of a queue must be there, in the same account and region, and let this one in.
 * @throws InvalidAttributeValue
 */
export async function requireRedriveTarget(
  { catalog }: Pick<SqsDeps, 'catalog'>,
  source: QueueName,
  attributes: QueueAttributes,
): Promise<void> {
  const redrive = redriveOf(attributes)
  if (redrive === undefined) return
  const name = queueOfArn(redrive.deadLetterTargetArn)
  const wrong = (reason: string) => invalidAttribute('RedrivePolicy', reason)
  if (name === undefined || name.account !== source.account || name.region !== source.region)
    throw wrong('Dead-letter queue must be in same account and region as the source.')
  const target = (await catalog.find(name)) ?? (await catalog.read(name))
  if (target === undefined) throw wrong('Dead letter target does not exist.')
  const text = target.attributes.RedriveAllowPolicy
  if (text === undefined) return
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(text) as RedriveAllowPolicy
  if (redrivePermission === 'allowAll') return
  if (redrivePermission === 'denyAll' || !sourceQueueArns.includes(queueArn(source)))
    throw wrong("Queue's RedriveAllowPolicy does not allow this queue as a source.")
}
