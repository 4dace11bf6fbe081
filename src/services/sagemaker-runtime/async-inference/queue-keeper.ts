import { randomUUID } from 'node:crypto'
import type { WorkHandler } from '../../../control/work-queue.ts'
import type { Route } from '../../../dataplane/route.ts'
import type { Database } from '../../../storage/database.ts'
import type { AsyncQueueRow } from '../../../storage/schema/async-inference.ts'
import { statement } from '../../../storage/statement.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import { AsyncMeter } from './async-meter.ts'
import { openDataLog } from './data-log.ts'
import { executionRole } from './execution-role.ts'
import { queueState } from './queue-state.ts'
import { expired } from './request-failure.ts'
import { ClaimLost, PURGE_MILLISECONDS } from './request-queue.ts'
import { isPassing } from './trouble.ts'
import { failRequest } from './work-on-request.ts'

const EXPIRED_AT_ONCE = 100
const PURGED_AT_ONCE = 1_000
/** Requests that end one after the other are not looked for more often. */
const SOONEST_MILLISECONDS = 1_000

/**
 * Looks at a queue from time to time: counts it for CloudWatch, ends requests whose time to live is over whether there are instances
 * or not, and removes what a deleted endpoint has left.
 */
export function createQueueKeeper(deps: AsyncDeps): WorkHandler {
  /** When this worker has counted a queue last, in epoch milliseconds. */
  const counted = new Map<string, number>()
  return async ({ key: queueId }, signal) => {
    const { database, clock } = deps
    const sample = deps.sampleSeconds * 1000
    const queue = await database.query
      .selectFrom('async_queues')
      .selectAll()
      .where('queue_id', '=', queueId)
      .executeTakeFirst()
    if (queue === undefined) {
      counted.delete(queueId)
      await purge(database, queueId, signal)
      return { done: true }
    }
    const { account, region, name_key } = queue
    const route = await deps.routes.find(`${account}/${region}/${name_key}`)
    await database.commit([deps.queue.recoverPurged(queueId, clock.now() - PURGE_MILLISECONDS)])
    if (route?.async?.queueId !== queueId) return { done: false, againInMilliseconds: sample }
    const before = counted.get(queueId)
    // A look because a request ends is no sample: averages would lean towards the moments before ends.
    if (before === undefined || Math.abs(clock.now() - before) >= sample) {
      counted.set(queueId, clock.now())
      await count(deps, queue, route)
    }
    const [variant] = route.variants
    if (variant !== undefined)
      await expire(
        deps,
        queueId,
        { route, variant, instanceId: nobodyOf(queueId), principal: executionRole(deps, variant.executionRoleArn) },
        signal,
      )
    const ends = variant && (await deps.queue.nextExpiry(queueId))
    const toSample = (counted.get(queueId) ?? 0) + sample - clock.now()
    const toEnd = ends === undefined ? toSample : Math.max(SOONEST_MILLISECONDS, ends - clock.now())
    return { done: false, againInMilliseconds: Math.max(0, Math.min(toSample, toEnd)) }
  }
}

async function count(
  { database, cloudwatch, clock }: AsyncDeps,
  { queue_id, account, region }: AsyncQueueRow,
  { endpointName, variants }: Route,
): Promise<void> {
  const state = await queueState(database, queue_id)
  const instances = variants.reduce((sum, variant) => sum + variant.instances.length, 0)
  const record = (name: string, value: number, unit: string) =>
    cloudwatch.record(
      { account, region, namespace: 'AWS/SageMaker', name, dimensions: { EndpointName: endpointName } },
      value,
      unit,
    )
  record('ApproximateBacklogSize', state.backlog, 'Count')
  record('ApproximateBacklogSizePerInstance', state.backlog / Math.max(1, instances), 'Count')
  const age = state.oldestAt === undefined ? 0 : Math.max(0, clock.now() - state.oldestAt) / 1000
  record('ApproximateAgeOfOldestRequest', age, 'Seconds')
  record('HasBacklogWithoutCapacity', state.backlog > 0 && instances === 0 ? 1 : 0, 'Count')
}

/** Stands for the instance of requests that no instance has begun with in time. */
const nobodyOf = (queueId: string): string => `expired/${queueId}`

async function expire(deps: AsyncDeps, queueId: string, workplace: Workplace, signal: AbortSignal): Promise<void> {
  const { queue, clock, database, cloudwatch, log } = deps
  const claim = randomUUID()
  const nobody = nobodyOf(queueId)
  await database.commit([queue.recover(nobody, claim)])
  let meter: AsyncMeter | undefined
  const dataLog = openDataLog(deps, () => workplace)
  try {
    for (;;) {
      const requests = await queue.claimExpired(queueId, nobody, claim, clock.now(), EXPIRED_AT_ONCE)
      if (requests.length === 0) return
      meter ??= new AsyncMeter(cloudwatch, workplace.route, workplace.variant.name)
      for (const request of requests) {
        // What is claimed is given back by the next look.
        signal.throwIfAborted()
        const failure = expired((request.expiresAt - request.receivedAt) / 1000, request.trouble)
        await failRequest(deps, workplace, request, failure, meter, dataLog.note).catch(async (error: unknown) => {
          if (error instanceof ClaimLost) return
          if (isPassing(error)) throw error
          // Tried again with the next batch: each time is counted, and the last takes what cannot be told.
          log.warn({ err: error, request: request.requestId }, 'a late asynchronous request could not be ended yet')
          await database.commit([queue.giveBack(request, true)])
        })
      }
    }
  } finally {
    meter?.close()
    await dataLog.close()
  }
}

/** Removes all that is left of a queue whose endpoint is gone, a little at a time: others have to write too. */
async function purge(database: Database, queueId: string, signal: AbortSignal): Promise<void> {
  const { query } = database
  for (;;) {
    signal.throwIfAborted()
    const some = query
      .selectFrom('async_requests')
      .select('request_id')
      .where('queue_id', '=', queueId)
      .orderBy('request_id')
      .limit(PURGED_AT_ONCE)
    const [, removed] = await database.commit([
      statement(query.deleteFrom('async_bodies').where('request_id', 'in', some)),
      statement(query.deleteFrom('async_requests').where('queue_id', '=', queueId).where('request_id', 'in', some)),
    ])
    if (removed === undefined || removed.affected === 0) break
  }
  await database.commit([
    statement(query.deleteFrom('async_counts').where('queue_id', '=', queueId)),
    statement(query.deleteFrom('async_failures').where('queue_id', '=', queueId)),
  ])
}
