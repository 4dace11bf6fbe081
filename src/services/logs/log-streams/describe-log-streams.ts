import type { DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream } from '../../../model/generated/logs.ts'
import type { LogGroupRow, LogStreamRow } from '../../../storage/schema/logs.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter } from '../errors.ts'
import { decodeListToken, encodeListToken } from '../list-token.ts'
import { logGroupArn, requestedLogGroup } from '../log-groups/log-group-identifier.ts'
import { requireLogGroup } from '../log-groups/log-group-store.ts'

/** A group's streams by name, or by the time of their last event (streams without one count as the oldest). */
export async function describeLogStreams(
  { database: db }: LogsDeps,
  input: DescribeLogStreamsRequest,
  context: RequestContext,
): Promise<DescribeLogStreamsResponse> {
  const { logStreamNamePrefix: prefix, nextToken } = input
  const byTime = input.orderBy === 'LastEventTime'
  if (byTime && prefix !== undefined) {
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
  }
  const group = await requireLogGroup(db, context, requestedLogGroup(input, context))
  const limit = input.limit ?? 50
  const direction = input.descending ? 'desc' : 'asc'
  const beyond = input.descending ? '<' : '>'

  let query = db.query.selectFrom('logs_streams').selectAll().where('group_id', '=', group.id)
  if (prefix !== undefined) {
    query = query.where((eb) => eb(eb.fn('substr', ['name', eb.val(1), eb.val([...prefix].length)]), '=', prefix))
  }
  if (byTime) {
    if (nextToken !== undefined) {
      const [time, name] = decodeListToken(nextToken, ['number', 'string'])
      query = query.where((eb) => {
        const lastEvent = eb.fn.coalesce('last_event_at', eb.val(0))
        return eb.or([eb(lastEvent, beyond, time), eb.and([eb(lastEvent, '=', time), eb('name', beyond, name)])])
      })
    }
    query = query.orderBy((eb) => eb.fn.coalesce('last_event_at', eb.val(0)), direction)
  } else if (nextToken !== undefined) {
    query = query.where('name', beyond, decodeListToken(nextToken, ['string'])[0])
  }
  const rows = await query
    .orderBy('name', direction)
    .limit(limit + 1)
    .execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    logStreams: shown.map((row) => describe(group, row)),
    ...(rows.length > limit &&
      last !== undefined && {
        nextToken: encodeListToken(byTime ? [last.last_event_at ?? 0, last.name] : [last.name]),
      }),
  }
}

function describe(group: LogGroupRow, row: LogStreamRow): LogStream {
  return {
    logStreamName: row.name,
    creationTime: row.created_at,
    ...(row.first_event_at !== null && { firstEventTimestamp: row.first_event_at }),
    ...(row.last_event_at !== null && { lastEventTimestamp: row.last_event_at }),
    ...(row.last_ingestion_at !== null && { lastIngestionTime: row.last_ingestion_at }),
    arn: `${logGroupArn(group.account, group.region, group.name)}:log-stream:${row.name}`,
    // Zero since 2019, for streams; the group shows its bytes.
    storedBytes: 0,
  }
}
