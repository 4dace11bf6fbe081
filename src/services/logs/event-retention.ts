import { recurringWork } from '../../control/recurring-work.ts'
import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'
import type { LogsLimits } from './deps.ts'
import { expiryHorizon } from './log-groups/log-group-store.ts'

/** Work: remove the events of a deleted group or stream. The key says which. */
export const PURGE = 'logs-purge'
/** Work, for ever again: expire events, and keep groups within their space. */
const SWEEP = 'logs-sweep'
const SWEEP_EVERY = 60_000
/** A stream that once held events and has been empty for this long is forgotten. */
const EMPTY_STREAM_LIFE = 24 * 60 * 60 * 1000
/** Events that one commit removes, so that the writer is never held for long. */
const CHUNK = 2000

/** The events of a stream, or of a group. */
export type EventScope = { readonly streamId: string } | { readonly groupId: string }

export const purgeKey = (scope: EventScope): string =>
  'streamId' in scope ? `stream/${scope.streamId}` : `group/${scope.groupId}`

/** How far removing goes: so many bytes from the oldest on, or everything before a moment. */
type DropLimit = { readonly bytes: number } | { readonly before: number }

/** Removes a scope's oldest events in commits of bounded size. May be interrupted and repeated at any point. */
export async function dropOldest(
  database: Database,
  scope: EventScope,
  limit: DropLimit,
  signal?: AbortSignal,
): Promise<void> {
  const [column, id] =
    'streamId' in scope ? (['stream_id', scope.streamId] as const) : (['group_id', scope.groupId] as const)
  let remaining = 'bytes' in limit ? limit.bytes : Number.POSITIVE_INFINITY
  while (remaining > 0) {
    signal?.throwIfAborted()
    let oldest = database.query
      .selectFrom('logs_events')
      .select(['stream_id', 'timestamp', 'sequence', 'bytes'])
      .where(column, '=', id)
      .orderBy('timestamp')
      .orderBy('sequence')
      .limit(CHUNK)
    if ('before' in limit) oldest = oldest.where('timestamp', '<', limit.before)
    const rows = await oldest.execute()
    let count = 0
    while (count < rows.length && remaining > 0) {
      remaining -= rows[count]!.bytes
      count += 1
    }
    const last = rows[count - 1]
    if (last === undefined) return
    await removeThrough(database, column, id, last, [...new Set(rows.slice(0, count).map((row) => row.stream_id))])
    if (rows.length < CHUNK) return
  }
}

/** One unit: takes the bytes off the streams, removes the events up to `last`, and notes what is now the first. */
async function removeThrough(
  database: Database,
  column: 'stream_id' | 'group_id',
  id: string,
  last: { readonly timestamp: number; readonly sequence: string },
  streams: readonly string[],
): Promise<void> {
  const subtract = database.query
    .updateTable('logs_streams')
    .set((eb) => ({
      stored_bytes: eb(
        'stored_bytes',
        '-',
        eb
          .selectFrom('logs_events as event')
          .select((sub) => sub.fn.coalesce(sub.fn.sum<number>('event.bytes'), sub.val(0)).as('bytes'))
          .whereRef('event.stream_id', '=', 'logs_streams.id')
          .where((sub) =>
            sub(sub.refTuple('event.timestamp', 'event.sequence'), '<=', sub.tuple(last.timestamp, last.sequence)),
          ),
      ),
    }))
    .where('id', 'in', streams)
  const remove = database.query
    .deleteFrom('logs_events')
    .where(column, '=', id)
    .where('stream_id', 'in', streams)
    .where((eb) => eb(eb.refTuple('timestamp', 'sequence'), '<=', eb.tuple(last.timestamp, last.sequence)))
  const noteFirst = database.query
    .updateTable('logs_streams')
    .set((eb) => ({
      first_event_at: eb
        .selectFrom('logs_events as event')
        .select((sub) => sub.fn.min('event.timestamp').as('first'))
        .whereRef('event.stream_id', '=', 'logs_streams.id'),
    }))
    .where('id', 'in', streams)
  await database.commit([statement(subtract), statement(remove), statement(noteFirst)])
}

/** Registers the background work of this service, and makes sure that the recurring part is due. */
export async function startLogsMaintenance(deps: {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly limits: LogsLimits
}): Promise<void> {
  const { database, queue, clock, limits } = deps
  queue.handle(
    PURGE,
    async ({ key }, signal) => {
      const [kind, id] = key.split('/') as [string, string]
      const scope = kind === 'stream' ? { streamId: id } : { groupId: id }
      await dropOldest(database, scope, { before: Number.MAX_SAFE_INTEGER }, signal)
      return { done: true }
    },
    { concurrency: 1 },
  )
  const due = recurringWork(queue, SWEEP, { everyMilliseconds: SWEEP_EVERY }, (signal) =>
    sweep(database, clock.now(), limits, signal),
  )
  await database.commit([due])
}

/** Expires events, brings every group back into its space, and forgets streams that have long been emptied. */
async function sweep(database: Database, now: number, limits: LogsLimits, signal: AbortSignal): Promise<void> {
  const groups = await database.query
    .selectFrom('logs_groups')
    .leftJoin('logs_streams', 'logs_streams.group_id', 'logs_groups.id')
    .select(['logs_groups.id', 'retention_days'])
    .select((eb) => [
      eb.fn.sum<number | null>('stored_bytes').as('bytes'),
      eb.fn.min<number | null>('first_event_at').as('first'),
    ])
    .groupBy(['logs_groups.id', 'retention_days'])
    .execute()
  for (const group of groups) {
    const horizon = expiryHorizon(group, now)
    if (group.first !== null && Number(group.first) < horizon) {
      await dropOldest(database, { groupId: group.id }, { before: horizon }, signal)
    }
    const bytes = Number(group.bytes ?? 0)
    if (bytes > limits.groupBytes) {
      const excess = bytes - Math.floor(limits.groupBytes * 0.9)
      await dropOldest(database, { groupId: group.id }, { bytes: excess }, signal)
    }
  }
  const forget = database.query
    .deleteFrom('logs_streams')
    .where('stored_bytes', '=', 0)
    .where('last_ingestion_at', '<', now - EMPTY_STREAM_LIFE)
  await database.commit([statement(forget)])
}
