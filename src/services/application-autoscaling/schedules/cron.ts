/**
 * AWS's cron expressions: minutes, hours, day of month, month, day of week, year. Source: "Cron expressions reference" in the
 * EventBridge user guide, which the guide of Application Auto Scaling points to.
 */
export interface Cron {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: ReadonlySet<number>
  readonly years: ReadonlySet<number>
  /** The days of a month that match, ascending. `month` is 1 to 12. */
  readonly days: (year: number, month: number) => readonly number[]
}

interface Field {
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const MINUTE: Field = { least: 0, most: 59 }
const HOUR: Field = { least: 0, most: 23 }
const DAY: Field = { least: 1, most: 31 }
const MONTH: Field = {
  ...{ least: 1, most: 12 },
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
}
const WEEKDAY: Field = { least: 1, most: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] }
export const LAST_YEAR = 2199
const YEAR: Field = { least: 1970, most: LAST_YEAR }

/** What stands within the brackets of `cron(…)`. Undefined when it is none. */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().toUpperCase().split(/\s+/)
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields
  if (fields.length !== 6 || (day === '?') === (weekday === '?')) return undefined
  const [minutes, hours, months, years] = [
    values(minute, MINUTE),
    values(hour, HOUR),
    values(month, MONTH),
    values(year, YEAR),
  ]
  const days = weekday === '?' ? monthDays(day) : weekDays(weekday)
  if (!minutes || !hours || !months || !years || !days) return undefined
  return { minutes, hours, months: new Set(months), years: new Set(years), days }
}

/** The values of a list of `*`, `n`, `n-m`, each with or without `/step`; ascending. */
function values(text: string, field: Field): readonly number[] | undefined {
  const found = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    const by = step === undefined ? 1 : numeral(step)
    const bounds = rangeOf(range, field, step !== undefined)
    if (more.length > 0 || bounds === undefined || by === undefined || by < 1 || by > field.most) return undefined
    for (let value = bounds.from; value <= bounds.to; value += by) found.add(value)
  }
  return [...found].sort((a, b) => a - b)
}

function rangeOf(
  text: string,
  field: Field,
  isStepped: boolean,
): { readonly from: number; readonly to: number } | undefined {
  if (text === '*') return { from: field.least, to: field.most }
  const [first = '', last, ...more] = text.split('-')
  const from = fieldValue(first, field)
  const to = last === undefined ? (isStepped ? field.most : from) : fieldValue(last, field)
  if (more.length > 0 || from === undefined || to === undefined || from > to) return undefined
  return { from, to }
}

function fieldValue(text: string, { least, most, names = [] }: Field): number | undefined {
  const named = names.indexOf(text)
  const value = named >= 0 ? named + least : numeral(text)
  return value !== undefined && value >= least && value <= most ? value : undefined
}

const numeral = (text: string): number | undefined => (/^\d{1,4}$/.test(text) ? Number(text) : undefined)

const lastDay = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** 1 is Sunday, as in AWS. */
const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1

/** `L` is the last day, `LW` the last from Monday to Friday, `nW` the one nearest to the nth within the month. */
function monthDays(text: string): Cron['days'] | undefined {
  if (text === 'L') return (year, month) => [lastDay(year, month)]
  if (text === 'LW') return (year, month) => [workday(year, month, lastDay(year, month))]
  const near = /^(\d{1,2})W$/.exec(text)?.[1]
  if (near !== undefined) {
    const day = fieldValue(near, DAY)
    return day === undefined
      ? undefined
      : (year, month) => (day > lastDay(year, month) ? [] : [workday(year, month, day)])
  }
  const days = values(text, DAY)
  return days && ((year, month) => days.filter((day) => day <= lastDay(year, month)))
}

function workday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day)
  if (weekday === 7) return day === 1 ? 3 : day - 1
  if (weekday === 1) return day === lastDay(year, month) ? day - 2 : day + 1
  return day
}

/** `nL` is the last of its kind in the month, `L` Saturday, `n#m` the mth of its kind. */
function weekDays(text: string): Cron['days'] | undefined {
  const [, last] = /^([A-Z0-9]+)L$/.exec(text) ?? []
  const [, nth, place] = /^([A-Z0-9]+)#([1-5])$/.exec(text) ?? []
  if (text !== 'L' && last !== undefined) {
    const weekday = fieldValue(last, WEEKDAY)
    return weekday === undefined ? undefined : (year, month) => ofKind(year, month, [weekday]).slice(-1)
  }
  if (nth !== undefined) {
    const weekday = fieldValue(nth, WEEKDAY)
    return weekday === undefined
      ? undefined
      : (year, month) => ofKind(year, month, [weekday]).slice(Number(place) - 1, Number(place))
  }
  const weekdays = text === 'L' ? [7] : values(text, WEEKDAY)
  return weekdays && ((year, month) => ofKind(year, month, weekdays))
}

function ofKind(year: number, month: number, weekdays: readonly number[]): readonly number[] {
  const first = weekdayOf(year, month, 1)
  return Array.from({ length: lastDay(year, month) }, (_, index) => index + 1).filter((day) =>
    weekdays.includes(((first + day - 2) % 7) + 1),
  )
}
