import type { WorkHandler, WorkOutcome } from '../../../control/work-queue.ts'
import { wait } from '../../../shared/wait.ts'
import type { SnsDeliveryRow, SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { statement } from '../../../storage/statement.ts'
import { type DeliveryPolicy, effectivePolicy } from '../http/delivery-policy.ts'
import { retryDelay } from '../http/retry-schedule.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { topicOfArn } from '../topic-name.ts'
import { deadLetters } from './dead-letters.ts'
import { type HttpMessage, httpMessage } from './http-message.ts'
import { forgetDelivered, removeDeliveries } from './remove-publications.ts'

/** Messages on their way to one endpoint at once. */
const CONCURRENCY = 16
/** How long one subscription has a worker's attention before others have their turn, in milliseconds. */
const TURN = 5_000

/** What some deliveries of a subscription are made with. */
interface Run {
  readonly deps: SnsDeps
  readonly row: SnsSubscriptionRow
  readonly subscription: Subscription
  readonly policy: DeliveryPolicy
  readonly signal: AbortSignal
}

/**
 * Sends what is due to a subscription. What has been delivered is forgotten at once, one by one; a worker that dies has
 * another send again what it had on its way. One item a subscription: an endpoint that is down holds up no other.
 */
export function deliverHandler(deps: SnsDeps): WorkHandler {
  return async ({ key }, signal) => {
    const end = performance.now() + TURN
    for (;;) {
      const due = await dueDeliveries(deps, key)
      // After what is due: a delivery that came with another state of the subscription is not to be judged by the one before.
      const run = await openRun(deps, key, signal)
      if (run === undefined || run.row.state === 'deleted') await removeDeliveries(deps, key, signal)
      if (run === undefined) return { done: true }
      if (due.length === 0) return nextTurn(run)
      await deliverAll(run, due, end)
      if (performance.now() > end) return { done: false, againInMilliseconds: 0 }
      deps.log.debug({ subscription: run.subscription.arn, deliveries: due.length }, 'delivered')
    }
  }
}

async function openRun(deps: SnsDeps, id: string, signal: AbortSignal): Promise<Run | undefined> {
  const row = await deps.database.query
    .selectFrom('sns_subscriptions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const subscription = deps.subscriptions.open(row)
  const topic = topicOfArn(row.topic_arn)
  const attributes = topic === undefined ? undefined : (await deps.topics.find(topic))?.attributes
  const policy = effectivePolicy(attributes?.DeliveryPolicy, subscription.attributes.DeliveryPolicy)
  return { deps, row, subscription, policy, signal }
}

/** Sends what is due, until it is all dealt with or the turn is over. */
async function deliverAll(run: Run, due: readonly SnsDeliveryRow[], end: number): Promise<void> {
  const { policy, signal } = run
  const rate = policy.throttlePolicy?.maxReceivesPerSecond
  const waiting = [...due]
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      if (performance.now() > end) return
      signal.throwIfAborted()
      if (rate !== undefined) await wait(Math.ceil(1_000 / rate), signal)
      await deliver(run, one)
    }
  }
  // One after the other where the pace is set.
  const workers = rate === undefined ? CONCURRENCY : 1
  const ended = await Promise.allSettled(Array.from({ length: Math.min(workers, due.length) }, work))
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function dueDeliveries(deps: SnsDeps, subscriptionId: string): Promise<SnsDeliveryRow[]> {
  return deps.database.query
    .selectFrom('sns_deliveries')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('due_at', '<=', deps.clock.now())
    .orderBy('due_at')
    .orderBy('id')
    .limit(CONCURRENCY * 4)
    .execute()
}

async function nextTurn({ deps, row }: Run): Promise<WorkOutcome> {
  const next = await deps.database.query
    .selectFrom('sns_deliveries')
    .select(({ fn }) => fn.min('due_at').as('at'))
    .where('subscription_id', '=', row.id)
    .executeTakeFirst()
  if (next?.at === null || next?.at === undefined) return { done: true }
  return { done: false, againInMilliseconds: Math.max(0, next.at - deps.clock.now()) }
}

async function deliver(run: Run, delivery: SnsDeliveryRow): Promise<void> {
  const { deps, row, subscription, policy, signal } = run
  const message = await httpMessage(deps, row, subscription, delivery, policy)
  // Its topic is gone, or its subscription has become another since.
  if (message === undefined) return forget(run, delivery)
  const outcome = await deps.sender.post(row.endpoint, message.headers, message.body, signal)
  if (outcome.kind === 'delivered') return forget(run, delivery)
  // A worker that stops has its connections broken: that says nothing of the endpoint.
  signal.throwIfAborted()
  const failures = delivery.attempts + 1
  const delay = outcome.kind === 'failed' ? retryDelay(policy.healthyRetryPolicy, failures) : undefined
  if (delay === undefined) return giveUp(run, delivery, message, outcome.reason)
  deps.log.debug({ subscription: subscription.arn, failures, reason: outcome.reason }, 'a delivery has failed')
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('sns_deliveries')
        .set({ attempts: failures, due_at: deps.clock.now() + Math.round(delay * 1_000) })
        .where('id', '=', delivery.id),
    ),
  ])
}

async function forget({ deps }: Run, delivery: SnsDeliveryRow): Promise<void> {
  await deps.database.commit(removal(deps, delivery))
}

async function giveUp(run: Run, delivery: SnsDeliveryRow, message: HttpMessage, reason: string): Promise<void> {
  const { deps, subscription } = run
  const why = { code: 'DeliveryFailed', reason }
  const letters =
    delivery.type === 'Notification'
      ? await deadLetters(deps, subscription, [{ body: message.body, attributes: {} }], why)
      : []
  await deps.database.commit([...letters, ...removal(deps, delivery)])
}

const removal = (deps: SnsDeps, delivery: SnsDeliveryRow) => [
  statement(deps.database.query.deleteFrom('sns_deliveries').where('id', '=', delivery.id)),
  ...forgetDelivered(deps, delivery.publication_id),
]
