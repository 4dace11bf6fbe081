import type { PutScheduledActionRequest } from '../../../model/generated/application-autoscaling.ts'
import type { ScalingScheduleRow } from '../../../storage/schema/autoscaling.ts'
import { invalid } from '../errors.ts'
import { nextRun, parseSchedule } from './schedule.ts'
import { timeZone } from './time-zone.ts'

type ActionValues = Omit<ScalingScheduleRow, 'id' | 'target_id' | 'name' | 'created_at' | 'next_at'> & {
  readonly next_at: number
}

/** The furthest that a date may be from 1970, in milliseconds. */
const FURTHEST = 8.64e15

/**
 * What a request makes of an action that is known, or not yet. What would never run is refused.
 * @throws ValidationException
 */
export function readAction(
  input: PutScheduledActionRequest,
  known: ScalingScheduleRow | undefined,
  { now, leastInstances }: { readonly now: number; readonly leastInstances: number },
): ActionValues {
  const text = input.Schedule ?? known?.schedule
  if (text === undefined) throw invalid('Schedule is required to create a scheduled action')
  const timezone = input.Timezone ?? known?.timezone ?? null
  if (timezone !== null && timeZone(timezone) === undefined)
    throw invalid(`The time zone ${timezone.slice(0, 256)} is not supported`)
  const schedule = parseSchedule(text, timezone ?? undefined)
  if (schedule === undefined) throw invalid(`Invalid schedule expression: ${text.slice(0, 256)}`)
  const start = timeOf('StartTime', input.StartTime)
  const end = timeOf('EndTime', input.EndTime)
  if (start !== undefined && end !== undefined && end <= start) throw invalid('EndTime must be later than StartTime')
  const isSame =
    known !== undefined &&
    known.schedule === text &&
    known.timezone === timezone &&
    known.start_at === (start ?? null) &&
    known.next_at !== null
  const bounds = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) }
  const next = isSame ? known.next_at : nextRun(schedule, bounds, now, now)
  if (next == null || next > FURTHEST || (end !== undefined && next > end))
    throw invalid(`The schedule ${text.slice(0, 256)} has no time left at which it would run`)
  return {
    ...capacities(input, known, leastInstances),
    ...{ schedule: text, timezone, start_at: start ?? null, end_at: end ?? null, next_at: next },
  }
}

function timeOf(member: string, time: number | undefined): number | undefined {
  if (time === undefined) return undefined
  if (!(Math.abs(time) <= FURTHEST)) throw invalid(`${member} is not a valid time`)
  return Math.round(time)
}

function capacities(
  { ScalableTargetAction: action }: PutScheduledActionRequest,
  known: ScalingScheduleRow | undefined,
  leastInstances: number,
): Pick<ScalingScheduleRow, 'min_capacity' | 'max_capacity'> {
  const min = action === undefined ? known?.min_capacity : action.MinCapacity
  const max = action === undefined ? known?.max_capacity : action.MaxCapacity
  if (min == null && max == null)
    throw invalid('At least one of minimum capacity and maximum capacity should be provided')
  if (min != null && max != null && max < min)
    throw invalid(`Maximum capacity ${max} cannot be less than minimum capacity ${min}`)
  for (const value of [min, max])
    if (value != null && value < leastInstances) throw invalid(`Capacity ${value} must be at least ${leastInstances}`)
  return { min_capacity: min ?? null, max_capacity: max ?? null }
}
