import { type Cron, LAST_YEAR } from './cron.ts'
import type { TimeZone } from './time-zone.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The first time after `after` (epoch milliseconds) that matches; undefined when there is none any more. What clocks leave out
 * happens as much later; what they show twice happens once, unless every hour matches.
 */
export function nextCronTime(cron: Cron, zone: TimeZone, after: number): number | undefined {
  // Clocks that go back show an earlier date once more.
  const start = new Date(zone.wallAt(after) - 3 * HOUR)
  const first = start.getUTCFullYear() * 12 + start.getUTCMonth()
  for (let index = first; index < (LAST_YEAR + 1) * 12; index++) {
    const [year, month] = [Math.floor(index / 12), (index % 12) + 1]
    if (!cron.years.has(year) || !cron.months.has(month)) continue
    for (const day of cron.days(year, month)) {
      if (index === first && day < start.getUTCDate()) continue
      const time = firstOfDay(cron, zone, Date.UTC(year, month - 1, day), after)
      if (time !== undefined) return time
    }
  }
  return undefined
}

/** `midnight` is wall time. */
function firstOfDay(cron: Cron, zone: TimeZone, midnight: number, after: number): number | undefined {
  const begin = zone.timeOf(midnight)
  // Most days have 24 hours: no zone need be asked for their minutes.
  const isPlain = zone.wallAt(begin) === midnight && zone.timeOf(midnight + DAY) - begin === DAY
  const isHourly = cron.hours.length === 24
  let found: number | undefined
  for (const hour of cron.hours)
    for (const minute of cron.minutes) {
      const wall = midnight + hour * HOUR + minute * MINUTE
      if (isPlain) {
        const time = begin + (wall - midnight)
        if (time > after) return time
        continue
      }
      const times = isHourly ? zone.timesOf(wall) : [zone.timeOf(wall)]
      for (const time of times) if (time > after && (found === undefined || time < found)) found = time
    }
  return found
}
