import type { GetLogEventsRequest, GetLogEventsResponse } from '../../../model/generated/logs.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { requestedLogGroup } from '../log-groups/log-group-identifier.ts'
import { expiryHorizon, requireLogGroup } from '../log-groups/log-group-store.ts'
import { requireLogStream } from '../log-streams/log-stream-store.ts'
import { eventToken, neighbour, parseEventToken, START } from './event-position.ts'
import { readStreamEvents } from './read-events.ts'

/**
 * The events of one stream, oldest first: the first ones with `startFromHead`, else the last ones. Both tokens are always
 * there; at an end of the stream the token that led there comes back unchanged, which is how clients know.
 */
export async function getLogEvents(
  { database }: LogsDeps,
  input: GetLogEventsRequest,
  context: RequestContext,
): Promise<GetLogEventsResponse> {
  const group = await requireLogGroup(database, context, requestedLogGroup(input, context))
  const stream = await requireLogStream(database, group.id, input.logStreamName)
  const token = input.nextToken === undefined ? undefined : parseEventToken(input.nextToken)
  const forward = token === undefined ? input.startFromHead === true : token.direction === 'f'
  const rows = await readStreamEvents(
    database,
    stream.id,
    {
      startTime: Math.max(input.startTime ?? 0, expiryHorizon(group, context.now)),
      endTime: input.endTime,
      ...(token?.direction === 'f' && { after: token.position }),
      ...(token?.direction === 'b' && { before: token.position }),
    },
    input.limit ?? 10_000,
    forward ? 'head' : 'tail',
  )
  const first = rows[0]
  const last = rows.at(-1)
  const position = token?.position ?? START
  // An empty page keeps its place: what lies on the other side of the token includes the event it names.
  const backward = first ?? (token?.direction === 'f' ? neighbour(position, 1) : position)
  const onward = last ?? (token?.direction === 'b' ? neighbour(position, -1) : position)
  return {
    events: rows.map((row) => ({ timestamp: row.timestamp, message: row.message, ingestionTime: row.ingested_at })),
    nextForwardToken: eventToken('f', onward),
    nextBackwardToken: eventToken('b', backward),
  }
}
