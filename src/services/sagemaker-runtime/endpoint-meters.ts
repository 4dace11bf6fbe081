import type { InvocationMeter } from '../../dataplane/invocation-meter.ts'
import type { Route } from '../../dataplane/route.ts'
import type { RouteLoader } from '../../dataplane/route-table.ts'
import type { CloudwatchFacade, MetricCounter } from '../cloudwatch/facade.ts'

const NAMESPACE = 'AWS/SageMaker'

/**
 * The metrics of a variant's invocations. Source: hosting container contract §11: a request counts as 0 or 1 in each of the
 * metrics of errors, and as its share of the instances in InvocationsPerInstance; latencies are in microseconds.
 */
class VariantMeter implements InvocationMeter {
  /** How many instances share the requests. */
  instances = 1
  readonly #invocations: MetricCounter
  readonly #perInstance: MetricCounter
  readonly #errors4xx: MetricCounter
  readonly #errors5xx: MetricCounter
  readonly #modelErrors: MetricCounter
  readonly #modelLatency: MetricCounter
  readonly #overheadLatency: MetricCounter

  constructor(cloudwatch: CloudwatchFacade, { account, region, endpointName }: Route, variant: string) {
    const dimensions = { EndpointName: endpointName, VariantName: variant }
    const target = (name: string) => ({ account, region, namespace: NAMESPACE, name, dimensions })
    const counter = (name: string) => cloudwatch.counter(target(name), 'None')
    const latency = (name: string) => cloudwatch.counter(target(name), 'Microseconds', { percentiles: true })
    this.#invocations = counter('Invocations')
    this.#perInstance = counter('InvocationsPerInstance')
    this.#errors4xx = counter('Invocation4XXErrors')
    this.#errors5xx = counter('Invocation5XXErrors')
    this.#modelErrors = counter('InvocationModelErrors')
    this.#modelLatency = latency('ModelLatency')
    this.#overheadLatency = latency('OverheadLatency')
  }

  count(status: number, whole: boolean, modelMilliseconds: number, overheadMilliseconds: number): void {
    this.#countOne()
    this.#errors4xx.add(status >= 400 && status < 500 ? 1 : 0)
    this.#errors5xx.add(status >= 500 ? 1 : 0)
    this.#modelErrors.add(whole && status >= 200 && status < 300 ? 0 : 1)
    this.#modelLatency.add(modelMilliseconds * 1000)
    this.#overheadLatency.add(overheadMilliseconds * 1000)
  }

  countAbandoned(): void {
    this.#countOne()
  }

  #countOne(): void {
    this.#invocations.add(1)
    this.#perInstance.add(1 / this.instances)
  }

  close(): void {
    this.#invocations.close()
    this.#perInstance.close()
    this.#errors4xx.close()
    this.#errors5xx.close()
    this.#modelErrors.close()
    this.#modelLatency.close()
    this.#overheadLatency.close()
  }
}

/**
 * Loads routes whose variants count what becomes of their invocations. A variant keeps its meter from one load to the
 * next; it is given up when the endpoint does not have it any more.
 */
export function meteredRoutes(load: RouteLoader, cloudwatch: CloudwatchFacade): RouteLoader {
  const meters = new Map<string, Map<string, VariantMeter>>()
  return async (key) => {
    const route = await load(key)
    const known = meters.get(key) ?? new Map<string, VariantMeter>()
    const wanted = new Set(route?.variants.map(({ name }) => name))
    for (const [name, meter] of known) {
      if (wanted.has(name)) continue
      meter.close()
      known.delete(name)
    }
    if (route === undefined) {
      meters.delete(key)
      return undefined
    }
    meters.set(key, known)
    const variants = route.variants.map((variant) => {
      let meter = known.get(variant.name)
      if (meter === undefined) {
        meter = new VariantMeter(cloudwatch, route, variant.name)
        known.set(variant.name, meter)
      }
      // Several fleets of a variant share its requests while one takes the place of the other.
      const fleets = route.variants.filter(({ name }) => name === variant.name)
      meter.instances = Math.max(
        1,
        fleets.reduce((count, { instances }) => count + instances.length, 0),
      )
      return { ...variant, meter }
    })
    return { ...route, variants }
  }
}
