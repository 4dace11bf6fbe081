import type {
  DimensionFilter,
  ListMetricsInput,
  ListMetricsOutput,
  Metric,
} from '../../../model/generated/cloudwatch.ts'
import { decodePageToken, encodePageToken, type PageKey, readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidNextToken, invalidValue } from '../errors.ts'
import { parseDimensions } from './series.ts'

const PAGE = 500
const LISTED = 14 * 24 * 60 * 60_000
const RECENT = 3 * 60 * 60_000
const COLUMNS = ['namespace', 'name', 'dimensions'] as const

/** ListMetrics: metrics that have been written to in two weeks, 500 at a time. */
export async function listMetrics(
  { database }: CloudwatchDeps,
  input: ListMetricsInput,
  context: RequestContext,
): Promise<ListMetricsOutput> {
  const { account, region, now } = context
  if (input.OwningAccount !== undefined && input.OwningAccount !== account)
    throw invalidValue(`The value ${input.OwningAccount} for parameter OwningAccount is invalid.`)
  const filters = input.Dimensions ?? []
  const scope = JSON.stringify([
    'ListMetrics',
    account,
    region,
    input.Namespace,
    input.MetricName,
    filters,
    input.RecentlyActive,
  ])
  let after = input.NextToken === undefined ? undefined : decodePageToken(scope, input.NextToken)
  if (input.NextToken !== undefined && after === undefined) throw invalidNextToken()

  let query = database.query
    .selectFrom('cloudwatch_series')
    .select([...COLUMNS])
    .where('account', '=', account)
    .where('region', '=', region)
    .where('last_at', '>=', now - (input.RecentlyActive === undefined ? LISTED : RECENT))
  if (input.Namespace !== undefined) query = query.where('namespace', '=', input.Namespace)
  if (input.MetricName !== undefined) query = query.where('name', '=', input.MetricName)

  const metrics: Metric[] = []
  do {
    // Dimensions are looked at here, so a page of the answer may take several of the table.
    const page = await readPage(query, COLUMNS, { size: PAGE, descending: false, after })
    after = page.next
    for (const row of page.rows) {
      const dimensions = parseDimensions(row.dimensions)
      if (!filters.every((filter) => hasDimension(dimensions, filter))) continue
      metrics.push({ Namespace: row.namespace, MetricName: row.name, Dimensions: dimensions })
      if (metrics.length < PAGE) continue
      const key: PageKey = [row.namespace, row.name, row.dimensions]
      const isLast = row === page.rows.at(-1) && page.next === undefined
      return isLast
        ? answer(metrics, input, account)
        : { ...answer(metrics, input, account), NextToken: encodePageToken(scope, key) }
    }
  } while (after !== undefined)
  return answer(metrics, input, account)
}

const hasDimension = (dimensions: readonly { Name: string; Value: string }[], filter: DimensionFilter): boolean =>
  dimensions.some(({ Name, Value }) => Name === filter.Name && (filter.Value === undefined || filter.Value === Value))

const answer = (metrics: Metric[], input: ListMetricsInput, account: string): ListMetricsOutput => ({
  Metrics: metrics,
  ...(input.IncludeLinkedAccounts === true && { OwningAccounts: metrics.map(() => account) }),
})
