import { type Aggregate, merge, type Point } from '../../services/cloudwatch/metrics/aggregate.ts'
import { readPoints } from '../../services/cloudwatch/metrics/read-points.ts'
import { seriesOfTarget } from '../../services/cloudwatch/metrics/series.ts'
import { parseStatistic } from '../../services/cloudwatch/metrics/statistic.ts'
import { queueState } from '../../services/sagemaker-runtime/async-inference/queue-state.ts'
import { findAsyncQueue } from '../../services/sagemaker-runtime/facade.ts'
import type { Database } from '../../storage/database.ts'

/** A variant of an endpoint, with what the workers have stored of it. What is not known is undefined. */
export interface Figures {
  readonly account: string
  readonly region: string
  readonly endpoint: string
  readonly status: string
  readonly variant: string
  readonly healthy: number
  readonly desired: number
  readonly requestsPerSecond: number
  /** Requests without an answer of 2XX from the model. */
  readonly errorsPerSecond: number
  /** Milliseconds. */
  readonly p50?: number
  readonly p99?: number
  /** Percent, of its busiest instance. */
  readonly cpu?: number
  readonly memory?: number
  /** Of the endpoint's queue, if it has one; told with its first variant. */
  readonly backlog?: number
}

/** Figures are of the last minute; an interval that has begun before counts as a whole. */
const WINDOW = 60_000
const [P50, P99] = [parseStatistic('p50'), parseStatistic('p99')]

/** Reads all endpoints' figures from the metrics that the workers store every few seconds: nobody is asked for them. */
export async function readFigures(database: Database, now: number): Promise<readonly Figures[]> {
  const { query } = database
  const endpoints = await query
    .selectFrom('endpoints')
    .selectAll()
    .orderBy('account')
    .orderBy('region')
    .orderBy('name_key')
    .execute()
  const variants = await query
    .selectFrom('endpoint_variants')
    .selectAll()
    .orderBy('fleet')
    .orderBy('position')
    .execute()
  const healthy = await query
    .selectFrom('endpoint_instances')
    .select(({ fn }) => ['account', 'region', 'name_key', 'variant_name', fn.countAll<number>().as('instances')])
    .where('state', '=', 'Healthy')
    .groupBy(['account', 'region', 'name_key', 'variant_name'])
    .execute()
  const figures: Figures[] = []
  for (const endpoint of endpoints) {
    const { account, region, name_key, name } = endpoint
    const of = (row: { account: string; region: string; name_key: string }) =>
      row.account === account && row.region === region && row.name_key === name_key
    const queueId = await findAsyncQueue(database, endpoint)
    const own = variants.filter((row) => of(row) && row.fleet === endpoint.fleet)
    for (const [index, { variant_name: variant, desired_instance_count: desired }] of own.entries()) {
      const measured = await readMetrics(database, { account, region, endpoint: name, variant }, now)
      const count = healthy.find((row) => of(row) && row.variant_name === variant)?.instances ?? 0
      figures.push({
        ...{ account, region, endpoint: name, status: endpoint.status, variant, desired },
        healthy: Number(count),
        ...measured,
        ...(queueId !== undefined && index === 0 && { backlog: (await queueState(database, queueId)).backlog }),
      })
    }
  }
  return figures
}

interface Measured {
  readonly account: string
  readonly region: string
  readonly endpoint: string
  readonly variant: string
}

async function readMetrics(database: Database, { account, region, endpoint, variant }: Measured, now: number) {
  const dimensions = { EndpointName: endpoint, VariantName: variant }
  const idOf = (name: string, namespace = 'AWS/SageMaker') =>
    seriesOfTarget({ account, region, namespace, name, dimensions }).id
  const host = '/aws/sagemaker/Endpoints'
  const ids = {
    latency: idOf('ModelLatency'),
    errors4xx: idOf('Invocation4XXErrors'),
    errors5xx: idOf('Invocation5XXErrors'),
    modelErrors: idOf('InvocationModelErrors'),
    invocationFailures: idOf('InvocationFailures'),
    cpu: idOf('CPUUtilization', host),
    memory: idOf('MemoryUtilization', host),
  }
  const points = await readPoints(database, Object.values(ids), now - 2 * WINDOW, now + 1)
  const seen = (id: string): { readonly all: Aggregate | undefined; readonly seconds: number } => {
    const recent = (points.get(id) ?? []).filter(({ at, width }: Point) => at + width * 1000 > now - WINDOW)
    const since = Math.min(now - WINDOW, ...recent.map(({ at }) => at))
    const all = recent
      .map(({ aggregate }) => aggregate)
      .reduce<Aggregate | undefined>((sum, one) => (sum === undefined ? one : merge(sum, one)), undefined)
    return { all, seconds: (now - since) / 1000 }
  }
  const latency = seen(ids.latency)
  const perSecond = (id: string) => {
    const { all, seconds } = seen(id)
    return (all?.sum ?? 0) / seconds
  }
  // A container that hangs up or takes too long gives no status, and is in none of the first two.
  const errorsPerSecond = Math.max(
    perSecond(ids.errors4xx) + perSecond(ids.errors5xx),
    perSecond(ids.modelErrors),
    perSecond(ids.invocationFailures),
  )
  // Every request that came to an end has a latency, on endpoints of both kinds.
  const milliseconds = (statistic: typeof P50) =>
    latency.all === undefined ? undefined : (statistic?.(latency.all) ?? Number.NaN) / 1000
  return {
    requestsPerSecond: (latency.all?.count ?? 0) / latency.seconds,
    errorsPerSecond,
    p50: milliseconds(P50),
    p99: milliseconds(P99),
    cpu: seen(ids.cpu).all?.maximum,
    memory: seen(ids.memory).all?.maximum,
  }
}
