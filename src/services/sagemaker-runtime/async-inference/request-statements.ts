import { sql } from 'kysely'
import type { Database } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { AsyncBodyRow, AsyncRequestRow } from '../../../storage/schema/async-inference.ts'
import type { ClaimedRequest } from './async-request.ts'

/*
 * The statements of the queues that each request needs: their SQL is made once.
 */

/** A request that has just been accepted. */
export type NewRequestRow = Omit<AsyncRequestRow, 'claim' | 'instance_id' | 'breaks' | 'trouble'>

export const requestInserts = preparedForRows<NewRequestRow>(
  ['queue_id', 'request_id', 'received_at', 'expires_at', 'document'],
  (query, rows) => query.insertInto('async_requests').values(rows.map((row) => ({ ...row, breaks: sql<number>`0` }))),
)

export const bodyInserts = preparedForRows<AsyncBodyRow>(['request_id', 'content', 'sealed_key'], (query, rows) =>
  query.insertInto('async_bodies').values(rows),
)

type Claim = {
  readonly queueId: string
  readonly instanceId: string
  readonly claim: string
  readonly limit: number
  /** They have greater ids than this. */
  readonly after: string
  /** They have no greater id than this, if it is given. */
  readonly upTo?: string
}

export const claimOf = (
  query: Database['query'],
  { queueId, instanceId, claim, limit, after, upTo }: Claim,
  held: readonly string[] = [],
) =>
  query
    .updateTable('async_requests')
    .set({ claim, instance_id: instanceId })
    .where('queue_id', '=', queueId)
    .where('request_id', 'in', (of) =>
      of
        .selectFrom('async_requests')
        .select('request_id')
        .where('queue_id', '=', queueId)
        .where('request_id', '>', after)
        .where('instance_id', 'is', null)
        .$if(held.length > 0, (some) => some.where('request_id', 'not in', held))
        .$if(upTo !== undefined, (some) => some.where('request_id', '<=', upTo as string))
        .orderBy('request_id')
        .limit(limit),
    )
    .returningAll()

export const claiming = prepared<Omit<Claim, 'upTo'>>((query, value) =>
  claimOf(query, {
    queueId: value('queueId'),
    instanceId: value('instanceId'),
    claim: value('claim'),
    limit: value('limit'),
    after: value('after'),
  }),
)

/**
 * Takes those that nobody has begun with in time. Those that live as long as any may are the oldest that wait, so it is enough to look at the
 * first `limit` of these; the others have an index, which is used where its condition is said in its own words.
 */
export const expiring = prepared<Omit<Claim, 'after' | 'upTo'> & { readonly now: number }>((query, value) => {
  const waiting = () =>
    query
      .selectFrom('async_requests')
      .select(['request_id', 'expires_at'])
      .where('queue_id', '=', value('queueId'))
      .where('instance_id', 'is', null)
      .limit(value('limit'))
  const late = (some: ReturnType<typeof waiting>) =>
    query.selectFrom(some.as('some')).select('request_id').where('expires_at', '<=', value('now'))
  const shortLived = waiting()
    .where('expires_at', '<=', value('now'))
    .where(sql<boolean>`expires_at - received_at < 21600000`)
  return query
    .updateTable('async_requests')
    .set({ claim: value('claim'), instance_id: value('instanceId') })
    .where('queue_id', '=', value('queueId'))
    .where('request_id', 'in', late(waiting().orderBy('request_id')).unionAll(late(shortLived)))
    .returningAll()
})

/** When the first of those that live less than six hours ends, unless somebody begins with it. The others are not worth a look each. */
export const nextExpiry = prepared<{ queueId: string }, { expires_at: number }>((query, value) =>
  query
    .selectFrom('async_requests')
    .select('expires_at')
    .where('queue_id', '=', value('queueId'))
    .where('instance_id', 'is', null)
    .where(sql<boolean>`expires_at - received_at < 21600000`)
    .orderBy('expires_at')
    .limit(1),
)

export const oneWaiting = prepared<{ queueId: string; after: string }>((query, value) =>
  query
    .selectFrom('async_requests')
    .select('request_id')
    .where('queue_id', '=', value('queueId'))
    .where('request_id', '>', value('after'))
    .where('instance_id', 'is', null)
    .orderBy('request_id')
    .limit(1),
)

export const bodyOf = prepared<{ requestId: string }, AsyncBodyRow>((query, value) =>
  query.selectFrom('async_bodies').selectAll().where('request_id', '=', value('requestId')),
)

/** Leading values: the queue and the claim. */
export const removals = preparedForRows<Pick<ClaimedRequest, 'requestId'>>(['requestId'], (query, rows) =>
  query
    .deleteFrom('async_requests')
    .where('queue_id', '=', '')
    .where('claim', '=', '')
    .where(
      'request_id',
      'in',
      rows.map(({ requestId }) => requestId),
    ),
)

export const bodyRemovals = preparedForRows<Pick<ClaimedRequest, 'requestId'>>(['requestId'], (query, rows) =>
  query.deleteFrom('async_bodies').where(
    'request_id',
    'in',
    rows.map(({ requestId }) => requestId),
  ),
)

/** Counts what a worker has put in and taken out; no row is affected when the queue is gone. */
export const counting = prepared<{ worker: number; accepted: number; finished: number; queueId: string }>(
  (query, value) =>
    query
      .insertInto('async_counts')
      .columns(['queue_id', 'worker', 'accepted', 'finished'])
      .expression(
        query
          .selectFrom('async_queues')
          .select((of) => [
            'queue_id',
            of.cast<number>(of.val(value('worker')), 'integer').as('worker'),
            of.cast<number>(of.val(value('accepted')), 'bigint').as('accepted'),
            of.cast<number>(of.val(value('finished')), 'bigint').as('finished'),
          ])
          .where('queue_id', '=', value('queueId')),
      )
      .onConflict((conflict) =>
        conflict.columns(['queue_id', 'worker']).doUpdateSet({
          accepted: sql<number>`async_counts.accepted + excluded.accepted`,
          finished: sql<number>`async_counts.finished + excluded.finished`,
        }),
      ),
)
