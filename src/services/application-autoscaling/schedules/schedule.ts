import { parseCron } from './cron.ts'
import { nextCronTime } from './cron-times.ts'
import { type TimeZone, timeZone } from './time-zone.ts'

/** When a scheduled action runs. */
export interface Schedule {
  /** The first time after `after`, both in epoch milliseconds. `from` is when a rate began to count, a run of it. */
  next(after: number, from: number): number | undefined
  /** Whether it runs again and again, between a start and an end. */
  readonly recurs: boolean
}

/** What bounds a schedule that recurs, in epoch milliseconds. It runs at its start, too. */
export interface Bounds {
  readonly start?: number
  readonly end?: number
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 60 * 60_000, day: 24 * 60 * 60_000 }

/** `at(yyyy-mm-ddThh:mm:ss)`, `rate(value unit)` or `cron(fields)`; undefined for other texts and time zones. */
export function parseSchedule(text: string, zoneName = 'UTC'): Schedule | undefined {
  const zone = timeZone(zoneName)
  const [, kind, body] = /^(at|rate|cron)\(([^()]*)\)$/.exec(text.trim()) ?? []
  if (zone === undefined || kind === undefined || body === undefined) return undefined
  if (kind === 'at') return parseAt(body, zone)
  return kind === 'rate' ? parseRate(body) : parseCronSchedule(body, zone)
}

function parseAt(body: string, zone: TimeZone): Schedule | undefined {
  const text = body.trim()
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const wall = Date.parse(`${text}Z`)
  // 30 February is a text that some take for a day in March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(text)) return undefined
  const time = zone.timeOf(wall)
  return { recurs: false, next: (after) => (time > after ? time : undefined) }
}

/** A rate of 1 has its unit in the singular, others in the plural. */
function parseRate(body: string): Schedule | undefined {
  const [, digits = '', unit = '', plural] = /^\s*(\d{1,9})\s+(minute|hour|day)(s?)\s*$/.exec(body) ?? []
  const value = Number(digits)
  const length = UNITS[unit]
  if (length === undefined || value < 1 || (value === 1) !== (plural === '')) return undefined
  const step = value * length
  return {
    recurs: true,
    next: (after, from) => (after < from ? from + step : from + (Math.floor((after - from) / step) + 1) * step),
  }
}

function parseCronSchedule(body: string, zone: TimeZone): Schedule | undefined {
  const cron = parseCron(body)
  return cron && { recurs: true, next: (after) => nextCronTime(cron, zone, after) }
}

/** The first run after `after`. `from` is the last one, or when the schedule was made. */
export function nextRun(schedule: Schedule, { start, end }: Bounds, after: number, from: number): number | undefined {
  const isAhead = schedule.recurs && start !== undefined && start > after
  const time = isAhead ? start : schedule.next(after, start ?? from)
  return time === undefined || (end !== undefined && time > end) ? undefined : time
}

/** The last of the runs from `due`, itself one, to `now`: what a server that was away for long has to make up for. */
export function latestRun(schedule: Schedule, bounds: Bounds, due: number, now: number): number {
  let known = due
  // The later one asks, the later is the next: what runs before now can be halved.
  let [low, high] = [due, now]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const run = nextRun(schedule, bounds, middle, due)
    if (run === undefined || run > now) high = middle
    else {
      known = run
      low = Math.max(run, middle + 1)
    }
  }
  return known
}
