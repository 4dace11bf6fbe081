import { evaluate, type Scope } from '../math/evaluate.ts'
import type { Range } from '../math/functions.ts'
import { isList, type TimeSeries, type Value } from '../math/values.ts'
import { expressionError, invalid, type MetricQuery } from './metric-queries.ts'

/** Values that the expressions of one request may work out: about half a second of a worker's time. */
const MOST_WORK = 2_000_000

/**
 * What expressions can look up: `found` holds what the queries for metrics have come to, by id, and takes what expressions
 * come to, each worked out once. Looking up throws ValidationError for one that comes to nothing.
 */
export function queryScope(queries: readonly MetricQuery[], found: Map<string, Value>, range: Range): Scope {
  const stats = queries.filter((query) => query.kind === 'stat')
  const scope: Scope = {
    ...range,
    budget: { left: MOST_WORK },
    metrics: (part) => stats.filter(({ id }) => id.includes(part)).map((query) => found.get(query.id) as TimeSeries),
    find(id) {
      const known = found.get(id)
      if (known !== undefined) return known
      const query = queries.find((one) => one.id === id)
      if (query?.kind !== 'expression') return undefined
      const value = work(() => evaluate(query.node, scope), query)
      found.set(id, value)
      return value
    },
  }
  return scope
}

function work(compute: () => Value, query: { readonly id: string; readonly expression: string }): Value {
  try {
    return compute()
  } catch (error) {
    throw expressionError(error, query.expression, query.id)
  }
}

/** What a query gives its caller. @throws ValidationError for a mere number */
export function resultOf(query: MetricQuery, scope: Scope): readonly TimeSeries[] {
  const value = scope.find(query.id)
  if (value === undefined || typeof value === 'number')
    throw invalid(`The expression '${query.id}' does not return a time series, which a result has to be.`)
  return isList(value) ? value : [{ ...value, label: query.label }]
}
