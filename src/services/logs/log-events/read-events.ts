import type { Database } from '../../../storage/database.ts'
import type { LogEventRow } from '../../../storage/schema/logs.ts'
import type { EventPosition } from './event-position.ts'
import { EVENT_OVERHEAD } from './split-message.ts'

/** What one answer carries at most, in bytes of messages. */
export const MAX_ANSWER_BYTES = 1024 * 1024

/** Which events of one stream: from `startTime`, before `endTime`, beyond a position. */
export interface EventRange {
  readonly startTime: number
  readonly endTime: number | undefined
  readonly after?: EventPosition
  readonly before?: EventPosition
}

const PAGE = 500

/**
 * Up to `limit` events of a stream, at least one if there is any, cut at about 1 MB; oldest first. `from` says which
 * end of the range is read when it holds more.
 */
export async function readStreamEvents(
  database: Database,
  streamId: string,
  range: EventRange,
  limit: number,
  from: 'head' | 'tail',
): Promise<LogEventRow[]> {
  const direction = from === 'head' ? 'asc' : 'desc'
  let base = database.query
    .selectFrom('logs_events')
    .selectAll()
    .where('stream_id', '=', streamId)
    .where('timestamp', '>=', range.startTime)
    .orderBy('timestamp', direction)
    .orderBy('sequence', direction)
  if (range.endTime !== undefined) base = base.where('timestamp', '<', range.endTime)
  const found: LogEventRow[] = []
  let bytes = 0
  let { after, before } = range
  for (;;) {
    let query = base
    if (after !== undefined) {
      const { timestamp, sequence } = after
      query = query.where((eb) => eb(eb.refTuple('timestamp', 'sequence'), '>', eb.tuple(timestamp, sequence)))
    }
    if (before !== undefined) {
      const { timestamp, sequence } = before
      query = query.where((eb) => eb(eb.refTuple('timestamp', 'sequence'), '<', eb.tuple(timestamp, sequence)))
    }
    const size = Math.min(PAGE, limit - found.length)
    const page = await query.limit(size).execute()
    for (const row of page) {
      bytes += row.bytes - EVENT_OVERHEAD
      if (bytes > MAX_ANSWER_BYTES && found.length > 0) return inOrder(found, from)
      found.push(row)
    }
    if (page.length < size || found.length >= limit) return inOrder(found, from)
    if (from === 'head') after = page.at(-1)
    else before = page.at(-1)
  }
}

const inOrder = (rows: LogEventRow[], from: 'head' | 'tail'): LogEventRow[] => (from === 'head' ? rows : rows.reverse())
