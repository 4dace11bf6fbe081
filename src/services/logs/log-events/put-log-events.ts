import type {
  InputLogEvent,
  PutLogEventsRequest,
  PutLogEventsResponse,
  RejectedLogEventsInfo,
} from '../../../model/generated/logs.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter } from '../errors.ts'
import { expiryHorizon, requireLogGroup } from '../log-groups/log-group-store.ts'
import { requireLogStream } from '../log-streams/log-stream-store.ts'
import { EVENT_OVERHEAD } from './split-message.ts'

const MAX_BATCH_BYTES = 1_048_576
const HOUR = 60 * 60 * 1000
const MAX_SPAN = 24 * HOUR
const MAX_AGE = 14 * 24 * HOUR
const MAX_AHEAD = 2 * HOUR

/** Stores a client's events in a stream that exists. Those too old, expired or too far ahead are left out and reported. */
export async function putLogEvents(
  { database, appender }: LogsDeps,
  input: PutLogEventsRequest,
  context: RequestContext,
): Promise<PutLogEventsResponse> {
  checkBatch(input.logEvents)
  const group = await requireLogGroup(database, context, input.logGroupName)
  const stream = await requireLogStream(database, group.id, input.logStreamName)
  const { accepted, rejected } = acceptable(input.logEvents, context.now, expiryHorizon(group, context.now))
  await appender.append({ id: stream.id, groupId: group.id }, accepted)
  return {
    // Not needed since 2023, and ignored when it comes back.
    nextSequenceToken: `4${String(context.now).padStart(55, '0')}`,
    ...(rejected !== undefined && { rejectedLogEventsInfo: rejected }),
  }
}

function checkBatch(events: readonly InputLogEvent[]): void {
  let bytes = 0
  let previous = 0
  for (const { timestamp, message } of events) {
    bytes += Buffer.byteLength(message) + EVENT_OVERHEAD
    if (timestamp < previous) {
      throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
    }
    previous = timestamp
  }
  if (bytes > MAX_BATCH_BYTES) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BATCH_BYTES}`)
  }
  if (previous - events[0]!.timestamp > MAX_SPAN) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
  }
}

/** Splits a batch in the order of time into what is kept and the ranges of indexes that are not. */
function acceptable(
  events: readonly InputLogEvent[],
  now: number,
  expiry: number,
): { readonly accepted: readonly InputLogEvent[]; readonly rejected: RejectedLogEventsInfo | undefined } {
  const firstAt = (moment: number) => {
    const index = events.findIndex(({ timestamp }) => timestamp >= moment)
    return index === -1 ? events.length : index
  }
  const tooOldEnd = firstAt(now - MAX_AGE)
  const expiredEnd = firstAt(expiry)
  const tooNewStart = firstAt(now + MAX_AHEAD + 1)
  const rejected: RejectedLogEventsInfo = {
    ...(tooNewStart < events.length && { tooNewLogEventStartIndex: tooNewStart }),
    ...(tooOldEnd > 0 && { tooOldLogEventEndIndex: tooOldEnd }),
    ...(expiredEnd > 0 && { expiredLogEventEndIndex: expiredEnd }),
  }
  return {
    accepted: events.slice(Math.max(tooOldEnd, expiredEnd), tooNewStart),
    rejected: Object.keys(rejected).length === 0 ? undefined : rejected,
  }
}
