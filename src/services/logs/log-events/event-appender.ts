import type { Clock } from '../../../shared/clock.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { LogEventRow } from '../../../storage/schema/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { LogsLimits } from '../deps.ts'
import { logStreamMissing } from '../errors.ts'
import { dropOldest } from '../event-retention.ts'
import type { LogEvent } from '../facade.ts'
import { createSequence } from './sequence.ts'
import { splitMessage } from './split-message.ts'

/** Writes events into streams that exist. */
export interface EventAppender {
  /**
   * Appends in order, in few commits, and drops the stream's oldest events when it holds too much. Rejects with
   * ResourceNotFoundException when the stream is gone.
   */
  append(stream: { readonly id: string; readonly groupId: string }, events: readonly LogEvent[]): Promise<void>
}

/** One commit holds at most this many events and about this many bytes. */
const UNIT_EVENTS = 5000
const UNIT_BYTES = 4 * 1024 * 1024
/** Rows of one insert: few different sizes, so that the database meets few different statements. */
const INSERT_SIZES = [256, 32, 8, 1]

export function createEventAppender(database: Database, clock: Clock, limits: LogsLimits): EventAppender {
  const nextSequence = createSequence(() => clock.now())
  return {
    async append(stream, events) {
      let rows: LogEventRow[] = []
      let bytes = 0
      const flush = async () => {
        if (rows.length === 0) return
        const stored = await writeUnit(database, stream.id, rows, bytes, clock.now())
        rows = []
        bytes = 0
        if (stored > limits.streamBytes) {
          const excess = stored - Math.floor(limits.streamBytes * 0.9)
          await dropOldest(database, { streamId: stream.id }, { bytes: excess })
        }
      }
      for (const event of events) {
        for (const piece of splitMessage(event.message)) {
          rows.push({
            stream_id: stream.id,
            group_id: stream.groupId,
            timestamp: event.timestamp,
            sequence: nextSequence(),
            ingested_at: clock.now(),
            ...piece,
          })
          bytes += piece.bytes
          if (rows.length >= UNIT_EVENTS || bytes >= UNIT_BYTES) await flush()
        }
      }
      await flush()
    },
  }
}

/** Commits the rows and what they change about their stream; answers how much the stream now holds. */
async function writeUnit(
  database: Database,
  streamId: string,
  rows: readonly LogEventRow[],
  bytes: number,
  now: number,
): Promise<number> {
  let first = rows[0]!.timestamp
  let last = first
  for (const { timestamp } of rows) {
    if (timestamp < first) first = timestamp
    if (timestamp > last) last = timestamp
  }
  const update = database.query
    .updateTable('logs_streams')
    .set((eb) => ({
      first_event_at: eb
        .case()
        .when(eb.or([eb('first_event_at', 'is', null), eb('first_event_at', '>', first)]))
        .then(first)
        .else(eb.ref('first_event_at'))
        .end(),
      last_event_at: eb
        .case()
        .when(eb.or([eb('last_event_at', 'is', null), eb('last_event_at', '<', last)]))
        .then(last)
        .else(eb.ref('last_event_at'))
        .end(),
      last_ingestion_at: now,
      stored_bytes: eb('stored_bytes', '+', bytes),
    }))
    .where('id', '=', streamId)
    .returning('stored_bytes')
  const results = await database.commit([statement(update, one(logStreamMissing)), ...inserts(database, rows)])
  return Number(results[0]?.rows[0]?.stored_bytes ?? 0)
}

function inserts(database: Database, rows: readonly LogEventRow[]): Statement[] {
  const statements: Statement[] = []
  for (let start = 0; start < rows.length; ) {
    const size = INSERT_SIZES.find((candidate) => candidate <= rows.length - start)!
    statements.push(statement(database.query.insertInto('logs_events').values(rows.slice(start, start + size))))
    start += size
  }
  return statements
}
