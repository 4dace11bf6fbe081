/** A time zone of the IANA database. All times are epoch milliseconds; wall times are those of the same figures in UTC. */
export interface TimeZone {
  /** What its clocks show. */
  wallAt(time: number): number
  /** When its clocks show this: twice when they go back, never when they go forward over it. Ascending. */
  timesOf(wall: number): readonly number[]
  /** Like `timesOf`, the first of them; over what clocks leave out, as far behind its beginning as `wall` is. */
  timeOf(wall: number): number
}

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

/** Making one takes milliseconds. */
const known = new Map<string, TimeZone>()
/** More than there are; names may be spelt in any case. */
const REMEMBERED = 1_000

/** Undefined when there is no such time zone. Offsets such as `+02:00` are none. */
export function timeZone(name: string): TimeZone | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return undefined
  if (/^(UTC|Etc\/UTC|GMT)$/.test(name)) return UTC
  const found = known.get(name)
  if (found !== undefined) return found
  try {
    const zone = zoneOf(
      new Intl.DateTimeFormat('en-US', {
        ...{ timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
        ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
        ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
      }),
    )
    if (known.size >= REMEMBERED) known.clear()
    known.set(name, zone)
    return zone
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const UTC: TimeZone = { wallAt: (time) => time, timesOf: (wall) => [wall], timeOf: (wall) => wall }

function zoneOf(format: Intl.DateTimeFormat): TimeZone {
  const wallAt = (time: number): number => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second)
  }
  const offsetAt = (time: number): number => wallAt(time) - Math.floor(time / 1_000) * 1_000
  /** No zone changes its clocks twice in two days, and none is further from UTC than one. */
  const offsetsAround = (wall: number): readonly [before: number, after: number] => [
    offsetAt(wall - DAY),
    offsetAt(wall + DAY),
  ]
  const timesOf = (wall: number): readonly number[] => {
    const times = [...new Set(offsetsAround(wall))].map((offset) => wall - offset)
    return times.filter((time) => wallAt(time) === wall).sort((a, b) => a - b)
  }
  return {
    wallAt,
    timesOf,
    timeOf: (wall) => timesOf(wall)[0] ?? wall - offsetsAround(wall)[0],
  }
}
