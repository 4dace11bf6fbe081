import type { MetricDataQuery } from '../../../model/generated/cloudwatch.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import { type Node, namesIn, parseExpression } from '../math/parse.ts'
import { MathError } from '../math/tokens.ts'
import { readDimensions } from './dimension-list.ts'
import { type Series, seriesOf } from './series.ts'
import { parseStatistic, type Statistic } from './statistic.ts'

/** One query of GetMetricData or of an alarm on an expression, read and checked. */
export type MetricQuery = StatQuery | ExpressionQuery

interface Common {
  readonly id: string
  readonly label: string
  readonly isReturned: boolean
}

export interface StatQuery extends Common {
  readonly kind: 'stat'
  readonly series: Series
  readonly statistic: Statistic
  /** Seconds. */
  readonly period: number
  readonly unit: string | undefined
}

export interface ExpressionQuery extends Common {
  readonly kind: 'expression'
  readonly expression: string
  readonly node: Node
}

const ID = /^[a-z][a-zA-Z0-9_]*$/
const MOST_QUERIES = 500

/**
 * Reads queries. `parameter` is where they stand in the request. Expressions may use one another, but not in a circle.
 * @throws ValidationError, and NotImplemented for what is refused by name
 */
export function readMetricQueries(
  owner: { readonly account: string; readonly region: string },
  queries: readonly MetricDataQuery[],
  parameter: string,
): readonly MetricQuery[] {
  if (queries.length > MOST_QUERIES)
    throw invalid(`The collection ${parameter} must not have a size greater than ${MOST_QUERIES}.`)
  const read = queries.map((query, index) => readQuery(owner, query, `${parameter}.member.${index + 1}`))
  const byId = new Map(read.map((query) => [query.id, query]))
  if (byId.size < read.length) throw invalid(`The values for parameter id in ${parameter} must be unique.`)
  checkCircles(byId)
  return read
}

function readQuery(
  owner: { readonly account: string; readonly region: string },
  query: MetricDataQuery,
  at: string,
): MetricQuery {
  const { Id: id, MetricStat: stat, Expression: expression, AccountId } = query
  if (!ID.test(id))
    throw invalid(
      `The value ${id.slice(0, 64)} for parameter ${at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
    )
  if (AccountId !== undefined && AccountId !== owner.account) throw notImplemented(`${at}.AccountId of another account`)
  if ((stat === undefined) === (expression === undefined))
    throw invalid(`The parameter ${at} must have either MetricStat or Expression.`)
  const isReturned = query.ReturnData ?? true
  if (expression !== undefined) {
    if (/^\s*SELECT\b/i.test(expression)) throw notImplemented('A query of Metrics Insights')
    const node = readExpression(expression, id)
    return { kind: 'expression', id, label: query.Label ?? id, isReturned, expression, node }
  }
  const { Metric: metric, Period: period, Stat, Unit: unit } = stat as NonNullable<typeof stat>
  const { Namespace: namespace, MetricName: name } = metric
  if (namespace === undefined) throw invalid(`The parameter ${at}.MetricStat.Metric.Namespace is required.`)
  if (name === undefined) throw invalid(`The parameter ${at}.MetricStat.Metric.MetricName is required.`)
  const statistic = parseStatistic(Stat)
  if (statistic === undefined)
    throw invalid(`The value ${Stat.slice(0, 64)} for parameter ${at}.MetricStat.Stat is not supported.`)
  const series = seriesOf(
    owner,
    namespace,
    name,
    readDimensions(metric.Dimensions, `${at}.MetricStat.Metric.Dimensions`),
  )
  return { kind: 'stat', id, label: query.Label ?? name, isReturned, series, statistic, period, unit }
}

function readExpression(expression: string, id: string): Node {
  try {
    return parseExpression(expression)
  } catch (error) {
    throw expressionError(error, expression, id)
  }
}

/** Reads the error that a caller is told of an expression that makes no sense. */
export function expressionError(error: unknown, expression: string, id: string): unknown {
  if (!(error instanceof MathError)) return error
  return invalid(`Error in expression '${id}' [${expression.slice(0, 256)}]: ${error.message}.`)
}

/** Follows each expression once, however many others use it. */
function checkCircles(byId: ReadonlyMap<string, MetricQuery>): void {
  const state = new Map<string, 'open' | 'done'>()
  const follow = (query: MetricQuery): void => {
    if (query.kind !== 'expression' || state.get(query.id) === 'done') return
    if (state.get(query.id) === 'open') throw invalid(`The expression '${query.id}' uses itself, or another that does.`)
    state.set(query.id, 'open')
    for (const name of new Set(namesIn(query.node))) {
      const used = byId.get(name)
      if (used !== undefined) follow(used)
    }
    state.set(query.id, 'done')
  }
  for (const query of byId.values()) follow(query)
}

export const invalid = (message: string): ServiceError => new ServiceError('ValidationError', message)
