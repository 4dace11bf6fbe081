import type {
  FilteredLogEvent,
  FilterLogEventsRequest,
  FilterLogEventsResponse,
} from '../../../model/generated/logs.ts'
import type { Database } from '../../../storage/database.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter, logStreamMissing } from '../errors.ts'
import { decodeListToken, encodeListToken } from '../list-token.ts'
import { requestedLogGroup } from '../log-groups/log-group-identifier.ts'
import { expiryHorizon, requireLogGroup } from '../log-groups/log-group-store.ts'
import { type EventPosition, positionDigits } from './event-position.ts'
import { parseFilterPattern } from './filter-pattern.ts'
import { MAX_ANSWER_BYTES } from './read-events.ts'

const PAGE = 500
/** One call looks at no more than this; then it answers what it found, perhaps nothing, and a token. */
const MAX_SCANNED_EVENTS = 20_000
const MAX_SCANNED_BYTES = 16 * 1024 * 1024

/** Events of a group's streams in the order of time, those that match the pattern. */
export async function filterLogEvents(
  { database }: LogsDeps,
  input: FilterLogEventsRequest,
  context: RequestContext,
): Promise<FilterLogEventsResponse> {
  if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined) {
    throw invalidParameter('logStreamNames and logStreamNamePrefix are mutually exclusive parameters.')
  }
  const matches = parseFilterPattern(input.filterPattern ?? '')
  const limit = input.limit ?? 10_000
  let after = input.nextToken === undefined ? undefined : readToken(input.nextToken)
  const group = await requireLogGroup(database, context, requestedLogGroup(input, context))
  const streams = await selectedStreams(database, group.id, input)
  const startTime = Math.max(input.startTime ?? 0, expiryHorizon(group, context.now))

  const events: FilteredLogEvent[] = []
  let answered = 0
  let scannedEvents = 0
  let scannedBytes = 0
  const answer = (more: boolean): FilterLogEventsResponse => ({
    events,
    searchedLogStreams: [],
    ...(more && after !== undefined && { nextToken: encodeListToken([after.timestamp, after.sequence]) }),
  })
  for (;;) {
    const page = await readPage(database, group.id, streams, startTime, input.endTime, after)
    for (const row of page) {
      scannedEvents += 1
      scannedBytes += row.bytes
      if (matches(row.message)) {
        if (events.length >= limit || (events.length > 0 && answered + row.bytes > MAX_ANSWER_BYTES))
          return answer(true)
        answered += row.bytes
        events.push({
          logStreamName: row.name,
          timestamp: row.timestamp,
          message: row.message,
          ingestionTime: row.ingested_at,
          eventId: positionDigits(row),
        })
      }
      after = row
    }
    if (page.length < PAGE) return answer(false)
    if (scannedEvents >= MAX_SCANNED_EVENTS || scannedBytes >= MAX_SCANNED_BYTES) return answer(true)
    // Other requests get their turn between pages.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function readToken(token: string): EventPosition {
  const [timestamp, sequence] = decodeListToken(token, ['number', 'string'])
  return { timestamp, sequence }
}

/** The ids of the streams asked for; undefined means all. */
async function selectedStreams(
  database: Database,
  groupId: string,
  input: FilterLogEventsRequest,
): Promise<readonly string[] | undefined> {
  const { logStreamNames: names, logStreamNamePrefix: prefix } = input
  if (names === undefined && prefix === undefined) return undefined
  let query = database.query.selectFrom('logs_streams').select(['id', 'name']).where('group_id', '=', groupId)
  if (names !== undefined) query = query.where('name', 'in', names)
  if (prefix !== undefined) {
    query = query.where((eb) => eb(eb.fn('substr', ['name', eb.val(1), eb.val([...prefix].length)]), '=', prefix))
  }
  const rows = await query.execute()
  if (names !== undefined && rows.length < new Set(names).size) throw logStreamMissing()
  return rows.map((row) => row.id)
}

function readPage(
  database: Database,
  groupId: string,
  streams: readonly string[] | undefined,
  startTime: number,
  endTime: number | undefined,
  after: EventPosition | undefined,
) {
  // The join leaves out events whose stream has been deleted and which wait for their removal.
  let query = database.query
    .selectFrom('logs_events as event')
    .innerJoin('logs_streams as stream', 'stream.id', 'event.stream_id')
    .select(['stream.name', 'event.timestamp', 'event.sequence', 'event.message', 'event.ingested_at', 'event.bytes'])
    .where('event.group_id', '=', groupId)
    .where('event.timestamp', '>=', startTime)
    .orderBy('event.timestamp')
    .orderBy('event.sequence')
    .limit(PAGE)
  if (endTime !== undefined) query = query.where('event.timestamp', '<=', endTime)
  if (streams !== undefined) query = query.where('event.stream_id', 'in', [...streams])
  if (after !== undefined) {
    const { timestamp, sequence } = after
    query = query.where((eb) =>
      eb(eb.refTuple('event.timestamp', 'event.sequence'), '>', eb.tuple(timestamp, sequence)),
    )
  }
  return query.execute()
}
