import type { Database } from '../../../storage/database.ts'
import type { Total } from './exposition.ts'

/** What all workers have counted, as far as they have stored it. */
export async function readTotals({ query }: Database): Promise<readonly Total[]> {
  const rows = await query
    .selectFrom('cloudwatch_totals')
    .innerJoin('cloudwatch_series', 'cloudwatch_series.id', 'cloudwatch_totals.series_id')
    .select(['account', 'region', 'namespace', 'name', 'dimensions'])
    .select(['sample_count', 'total', 'last_value', 'cloudwatch_totals.last_at'])
    .orderBy('account')
    .orderBy('region')
    .orderBy('namespace')
    .orderBy('name')
    .orderBy('dimensions')
    .execute()
  return rows.map(({ account, region, namespace, name, dimensions, ...row }) => ({
    ...{ account, region, namespace, name },
    dimensions: JSON.parse(dimensions) as [string, string][],
    sampleCount: row.sample_count,
    sum: row.total,
    lastValue: row.last_value,
    lastAt: row.last_at,
  }))
}
