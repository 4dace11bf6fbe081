import { describe, expect, it } from 'vitest'
import { latestRun, nextRun, parseSchedule } from './schedule.ts'

const at = (text: string) => Date.parse(text)
const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString().slice(0, 19))

/** The next runs of an expression, one after the other. */
function runs(text: string, after: string, count: number, zone?: string): (string | undefined)[] {
  const schedule = parseSchedule(text, zone)
  if (schedule === undefined) throw new Error(`${text} is no schedule`)
  const found: (string | undefined)[] = []
  let time: number | undefined = at(after)
  for (let index = 0; index < count && time !== undefined; index++) {
    time = nextRun(schedule, {}, time, time)
    found.push(iso(time))
  }
  return found
}

describe('cron', () => {
  it.each([
    // The examples of the user guides.
    ['cron(30 6 ? * MON *)', '2026-01-01T00:00:00Z', ['2026-01-05T06:30:00', '2026-01-12T06:30:00']],
    ['cron(0/15 8-17 ? * MON-FRI *)', '2026-01-02T17:31:00Z', ['2026-01-02T17:45:00', '2026-01-05T08:00:00']],
    ['cron(0 8 1 * ? *)', '2026-01-01T08:00:00Z', ['2026-02-01T08:00:00']],
    ['cron(15 10 ? * 6L 2026-2027)', '2026-01-01T00:00:00Z', ['2026-01-30T10:15:00', '2026-02-27T10:15:00']],
    ['cron(0 9 ? * 2#1 *)', '2026-01-01T00:00:00Z', ['2026-01-05T09:00:00', '2026-02-02T09:00:00']],
    ['cron(0 9 ? * 1#5 *)', '2026-01-01T00:00:00Z', ['2026-03-29T09:00:00', '2026-05-31T09:00:00']],
    ['cron(0 12 L * ? *)', '2028-01-31T12:00:00Z', ['2028-02-29T12:00:00', '2028-03-31T12:00:00']],
    ['cron(0 12 LW * ? *)', '2026-01-01T00:00:00Z', ['2026-01-30T12:00:00', '2026-02-27T12:00:00']],
    // The 1st of August 2026 is a Saturday, and July's Friday is in another month.
    ['cron(0 0 1W 8 ? *)', '2026-01-01T00:00:00Z', ['2026-08-03T00:00:00']],
    ['cron(0 0 31W 5 ? *)', '2026-01-01T00:00:00Z', ['2026-05-29T00:00:00']],
    [
      'cron(0 0 15W * ? *)',
      '2026-02-01T00:00:00Z',
      ['2026-02-16T00:00:00', '2026-03-16T00:00:00', '2026-04-15T00:00:00'],
    ],
    ['cron(0 0 31 * ? *)', '2026-01-31T00:00:00Z', ['2026-03-31T00:00:00']],
    [
      'cron(5,1 0 29 2 ? *)',
      '2026-01-01T00:00:00Z',
      ['2028-02-29T00:01:00', '2028-02-29T00:05:00', '2032-02-29T00:01:00'],
    ],
    ['cron(0 0 ? * L *)', '2026-01-01T00:00:00Z', ['2026-01-03T00:00:00']],
    ['cron(1/10 * ? JAN,DEC sat-sat *)', '2026-01-31T23:51:00Z', ['2026-12-05T00:01:00', '2026-12-05T00:11:00']],
    ['cron( * * * * ? * )', '2026-12-31T23:59:30Z', ['2027-01-01T00:00:00', '2027-01-01T00:01:00']],
    ['cron(0 0 1 1 ? 2100)', '2026-01-01T00:00:00Z', ['2100-01-01T00:00:00', undefined]],
    ['cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z', [undefined]],
  ])('%s after %s', (text, after, expected) => {
    expect(runs(text, after, expected.length)).toEqual(expected)
  })

  it.each([
    'cron()',
    'cron(0 0 * * *)',
    'cron(0 0 * * ? * *)',
    'cron(0 0 * * * *)',
    'cron(0 0 ? * ? *)',
    'cron(60 0 * * ? *)',
    'cron(-1 0 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 0 0 * ? *)',
    'cron(0 0 32 * ? *)',
    'cron(0 0 * 13 ? *)',
    'cron(0 0 ? * 0 *)',
    'cron(0 0 ? * 8 *)',
    'cron(0 0 ? * MON#6 *)',
    'cron(0 0 ? * MON#1,TUE#2 *)',
    'cron(0 0 * * ? 1969)',
    'cron(0 0 * * ? 2200)',
    'cron(5-1 0 * * ? *)',
    'cron(0/0 0 * * ? *)',
    'cron(0/x 0 * * ? *)',
    'cron(, 0 * * ? *)',
    'cron(1-2-3 0 * * ? *)',
    'cron(? 0 * * ? *)',
    'cron(0 0 L-3 * ? *)',
    'cron(0 0 32W * ? *)',
    'cron(0 0 MON * ? *)',
    'cron((0 0 * * ? *))',
    `cron(${'1,'.repeat(400)} 0 * * ? *)`,
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(0 minutes)',
    'rate(-1 minutes)',
    'rate(1.5 hours)',
    'rate(1 week)',
    'at(2026-01-01)',
    'at(2026-02-30T00:00:00)',
    'at(2026-01-01T24:00:00)',
    'at(2026-01-01T00:00:00Z)',
    'at(tomorrow)',
    'every(1 minute)',
    '0 0 * * ? *',
    '',
  ])('%s is none', (text) => {
    expect(parseSchedule(text)).toBeUndefined()
  })
})

describe('time zones', () => {
  it('keep the hour while clocks change', () => {
    expect(runs('cron(0 9 * * ? *)', '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-29T07:00:00',
      '2026-03-30T07:00:00',
    ])
    expect(runs('cron(0 9 * * ? *)', '2026-03-27T09:00:00Z', 1, 'Europe/Berlin')).toEqual(['2026-03-28T08:00:00'])
    expect(runs('cron(0 0 1 * ? *)', '2026-01-01T00:00:00Z', 1, 'Pacific/Kiritimati')).toEqual(['2026-01-31T10:00:00'])
    expect(runs('cron(30 6 ? * MON *)', '2026-01-01T00:00:00Z', 1, 'Etc/GMT+9')).toEqual(['2026-01-05T15:30:00'])
  })

  it('have what clocks leave out later, and what they show twice once', () => {
    expect(runs('cron(30 2 * * ? *)', '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-29T01:30:00',
      '2026-03-30T00:30:00',
    ])
    expect(runs('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30:00',
      '2026-10-26T01:30:00',
    ])
    expect(runs('at(2026-03-29T02:30:00)', '2026-01-01T00:00:00Z', 1, 'Europe/Berlin')).toEqual(['2026-03-29T01:30:00'])
  })

  it('let what runs in every hour run in the hour that comes twice, too', () => {
    expect(runs('cron(0/30 * * * ? *)', '2026-10-25T00:00:00Z', 4, 'Europe/Berlin')).toEqual(
      ['00:30', '01:00', '01:30', '02:00'].map((time) => `2026-10-25T${time}:00`),
    )
    expect(runs('cron(0/30 * * * ? *)', '2026-03-29T00:30:00Z', 2, 'Europe/Berlin')).toEqual(
      ['01:00', '01:30'].map((time) => `2026-03-29T${time}:00`),
    )
  })

  it.each(['Mars/Base', '+02:00', 'Europe/Berlin; drop', '', 'x'.repeat(1_600)])('%s is none', (zone) => {
    expect(parseSchedule('cron(0 9 * * ? *)', zone)).toBeUndefined()
  })
})

describe('runs', () => {
  const hourly = parseSchedule('rate(1 hour)')
  const daily = parseSchedule('cron(0 9 * * ? *)')
  if (hourly === undefined || daily === undefined) throw new Error('these are schedules')
  const now = at('2026-01-01T00:10:00Z')

  it('of a rate count from its start, or from when it was made', () => {
    expect(iso(nextRun(hourly, {}, now, now))).toBe('2026-01-01T01:10:00')
    expect(iso(nextRun(hourly, { start: at('2026-01-02T00:00:00Z') }, now, now))).toBe('2026-01-02T00:00:00')
    expect(iso(nextRun(hourly, { start: at('2025-01-02T00:30:00Z') }, now, now))).toBe('2026-01-01T00:30:00')
  })

  it('begin with the start, and stop at the end', () => {
    const bounds = { start: at('2026-01-02T12:00:00Z'), end: at('2026-01-03T09:00:00Z') }
    expect(iso(nextRun(daily, bounds, now, now))).toBe('2026-01-02T12:00:00')
    expect(iso(nextRun(daily, bounds, bounds.start, bounds.start))).toBe('2026-01-03T09:00:00')
    expect(nextRun(daily, bounds, bounds.end, bounds.end)).toBeUndefined()
  })

  it('of a time when nobody looked are made up for by the last', () => {
    const due = at('2026-01-01T09:00:00Z')
    expect(iso(latestRun(daily, {}, due, at('2026-06-01T08:59:59Z')))).toBe('2026-05-31T09:00:00')
    expect(iso(latestRun(daily, {}, due, at('2026-06-01T09:00:00Z')))).toBe('2026-06-01T09:00:00')
    expect(iso(latestRun(daily, {}, due, due))).toBe('2026-01-01T09:00:00')
    expect(iso(latestRun(daily, { end: at('2026-02-01T00:00:00Z') }, due, at('2026-06-01T00:00:00Z')))).toBe(
      '2026-01-31T09:00:00',
    )
    const every = parseSchedule('cron(* * * * ? *)', 'America/New_York')
    expect(every && iso(latestRun(every, {}, due, at('2036-01-01T00:00:30Z')))).toBe('2036-01-01T00:00:00')
    expect(iso(latestRun(hourly, {}, due, at('2036-01-01T00:30:00Z')))).toBe('2036-01-01T00:00:00')
  })
})
