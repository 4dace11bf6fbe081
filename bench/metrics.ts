import type { InvocationMeter } from '../src/dataplane/invocation-meter.ts'
import type { CloudwatchFacade, MetricTarget } from '../src/services/cloudwatch/facade.ts'
import { Counter } from '../src/services/cloudwatch/metrics/counter.ts'
import { seriesOfTarget } from '../src/services/cloudwatch/metrics/series.ts'
import { meteredRoutes } from '../src/services/sagemaker-runtime/endpoint-meters.ts'
import { median } from './support/measure.ts'

/*
 * What counting an invocation costs on the road of a request: seven metrics and the clock, in nanoseconds.
 *   node bench/metrics.ts [rounds]
 */

const rounds = Number(process.argv[2] ?? 7)
const REQUESTS = 2_000_000
const TARGET = 500

const cloudwatch = {
  counter: (target: MetricTarget, unit: string, options?: { percentiles?: boolean }) =>
    new Counter(seriesOfTarget(target), unit, options?.percentiles === true),
} as Partial<CloudwatchFacade> as CloudwatchFacade
const route = await meteredRoutes(
  async () => ({
    endpointName: 'iris',
    account: '123456789012',
    region: 'us-east-1',
    hosted: true,
    variants: [{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances: [{ id: 'i', address: 'a' }] }],
  }),
  cloudwatch,
)('iris')
const meter = route?.variants[0]?.meter as InvocationMeter

/** By the processor time of this process, so that what else runs on the machine does not count. */
function nanosecondsEach(work: (index: number) => void): number {
  const start = process.cpuUsage()
  for (let index = 0; index < REQUESTS; index++) work(index)
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / REQUESTS
}

/** What the data plane calls when an invocation is over. */
const counted = (index: number): void => meter.count(index % 50 === 0 ? 500 : 200, true, (index % 997) / 7, 0.25)

let last = 0
/** What it has to know for that, beside what it knew before: when the request came and when it was answered. */
const timed = (): void => {
  last = performance.now()
  last = performance.now() - last
}

const medianOf = (work: (index: number) => void): number =>
  median(Array.from({ length: rounds }, () => nanosecondsEach(work)))
const [counting, clock] = [medianOf(counted), medianOf(timed)]
console.log(
  `metrics: ${counting.toFixed(0)} ns to count an invocation and ${clock.toFixed(0)} ns to look at the clock, ` +
    `${((counting + clock) / TARGET).toFixed(2)} x the ${TARGET} allowed`,
)
