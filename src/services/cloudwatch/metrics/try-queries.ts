import { requireFunction } from '../math/functions.ts'
import { functionsIn } from '../math/parse.ts'
import type { TimeSeries, Value } from '../math/values.ts'
import { expressionError, invalid, type MetricQuery } from './metric-queries.ts'
import { queryScope, resultOf } from './query-scope.ts'

/** Enough for what is made of a value and the one before it. */
const VALUES = 3

/**
 * Works the expressions of an alarm out over made-up values of its metrics: one that never comes to a single time series
 * would leave the alarm without datapoints for good. How long a list is may hang on the data: an expression passes with
 * the series that happen to have values, or with all of them. `period` in seconds.
 * @throws ValidationError, and NotImplemented for what is refused by name
 */
export function tryQueries(queries: readonly MetricQuery[], period: number): void {
  requireFunctions(queries)
  try {
    tryOnce(queries, period, true)
  } catch (error) {
    try {
      tryOnce(queries, period, false)
    } catch {
      throw error
    }
  }
}

function tryOnce(queries: readonly MetricQuery[], period: number, keepsEmpty: boolean): void {
  const times = Array.from({ length: VALUES }, (_, index) => index * period * 1000)
  const found = new Map<string, Value>()
  for (const query of queries)
    if (query.kind === 'stat') {
      const series: TimeSeries = { label: query.label, period, values: new Map(times.map((at) => [at, 1])) }
      found.set(query.id, series)
    }
  const scope = queryScope(queries, found, { start: 0, end: VALUES * period * 1000, origin: 0, period, keepsEmpty })
  for (const query of queries) {
    scope.find(query.id)
    if (query.isReturned && resultOf(query, scope).length > 1)
      throw invalid(`The expression '${query.id}' returns several time series, where an alarm takes one.`)
  }
}

/** Functions are told of by their names, whatever they are given. METRICS is none: it looks others up. */
function requireFunctions(queries: readonly MetricQuery[]): void {
  for (const query of queries)
    if (query.kind === 'expression')
      try {
        for (const name of functionsIn(query.node)) if (name !== 'METRICS') requireFunction(name)
      } catch (error) {
        throw expressionError(error, query.expression, query.id)
      }
}
