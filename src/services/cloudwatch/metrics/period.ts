import { invalidValue } from '../errors.ts'

const THREE_HOURS = 3 * 60 * 60_000
const SHORT_PERIODS = new Set([1, 5, 10, 20, 30])

/**
 * Checks the period of a query, in seconds. What is older than three hours is not kept below a minute.
 * Source: GetMetricStatistics.
 * @throws InvalidParameterValue
 */
export function checkPeriod(period: number, start: number, now: number): void {
  if (period % 60 === 0) return
  if (!SHORT_PERIODS.has(period))
    throw invalidValue(`The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.`)
  if (start < now - THREE_HOURS - 60_000)
    throw invalidValue(`The parameter Period must be a multiple of 60 for data that is older than three hours.`)
}
