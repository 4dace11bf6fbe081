import { isSuccess } from '../../dataplane/invocation.ts'
import type { ContainerMeter, InvocationMeter } from '../../dataplane/invocation-meter.ts'
import type { Route, VariantRoute } from '../../dataplane/route.ts'
import type { RouteLoader } from '../../dataplane/route-table.ts'
import type { CloudwatchFacade, MetricCounter } from '../cloudwatch/facade.ts'

const NAMESPACE = 'AWS/SageMaker'

/** Stands for what is not counted. */
const NOTHING: MetricCounter = { add: () => {}, close: () => {} }

/**
 * The metrics of a variant's invocations in the fleet of one config. Source: "Metrics for monitoring Amazon SageMaker AI with Amazon
 * CloudWatch" (developer guide): a request counts as 0 or 1 in each of the metrics of errors, and as its share of the instances in
 * InvocationsPerInstance; latencies are in microseconds. All are stored with the dimension EndpointConfigName besides, so that an
 * alarm can tell a new fleet from the old one. Source: "Auto-Rollback Configuration and Monitoring" (developer guide).
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

  constructor(cloudwatch: CloudwatchFacade, route: Route, { name: VariantName, configName }: VariantRoute) {
    const { account, region, endpointName: EndpointName, async } = route
    const target = (name: string, more = {}) => {
      const dimensions = { EndpointName, VariantName, ...more }
      return { account, region, namespace: NAMESPACE, name, dimensions }
    }
    const also = (name: string) =>
      configName === undefined ? {} : { also: target(name, { EndpointConfigName: configName }) }
    const counter = (name: string) => cloudwatch.counter(target(name), 'None', also(name))
    const latency = (name: string) =>
      cloudwatch.counter(target(name), 'Microseconds', { percentiles: true, ...also(name) })
    // Asynchronous endpoints have figures of their own in the place of these: "Monitor asynchronous endpoint" (developer guide).
    const immediate = async === undefined
    this.#invocations = immediate ? counter('Invocations') : NOTHING
    this.#perInstance = immediate ? counter('InvocationsPerInstance') : NOTHING
    this.#errors4xx = counter('Invocation4XXErrors')
    this.#errors5xx = counter('Invocation5XXErrors')
    this.#modelErrors = immediate ? counter('InvocationModelErrors') : NOTHING
    this.#modelLatency = latency('ModelLatency')
    this.#overheadLatency = immediate ? latency('OverheadLatency') : NOTHING
  }

  count(status: number, whole: boolean, modelMilliseconds: number, overheadMilliseconds: number): void {
    this.#countOne()
    this.#errors4xx.add(status >= 400 && status < 500 ? 1 : 0)
    this.#errors5xx.add(status >= 500 ? 1 : 0)
    this.#modelErrors.add(whole && isSuccess(status) ? 0 : 1)
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
 * The metrics of one container of several. Source: "Metrics for multi-container endpoints with direct invocation" and
 * "Inference pipeline logs and metrics" (developer guide): the names of the variant's, under ContainerName.
 */
class OneOfSeveralMeter implements ContainerMeter {
  readonly #counters: readonly MetricCounter[]
  readonly #invocations: MetricCounter
  readonly #errors4xx: MetricCounter
  readonly #errors5xx: MetricCounter
  readonly #modelErrors: MetricCounter
  readonly #latency: MetricCounter

  constructor(
    cloudwatch: CloudwatchFacade,
    { account, region, endpointName }: Route,
    variant: string,
    container: string,
  ) {
    const dimensions = { EndpointName: endpointName, VariantName: variant, ContainerName: container }
    const target = (name: string) => ({ account, region, namespace: NAMESPACE, name, dimensions })
    const counter = (name: string) => cloudwatch.counter(target(name), 'None')
    this.#invocations = counter('Invocations')
    this.#errors4xx = counter('Invocation4XXErrors')
    this.#errors5xx = counter('Invocation5XXErrors')
    this.#modelErrors = counter('InvocationModelErrors')
    this.#latency = cloudwatch.counter(target('ContainerLatency'), 'Microseconds', { percentiles: true })
    this.#counters = [this.#invocations, this.#errors4xx, this.#errors5xx, this.#modelErrors, this.#latency]
  }

  count(status: number, whole: boolean, milliseconds: number): void {
    this.#invocations.add(1)
    this.#errors4xx.add(status >= 400 && status < 500 ? 1 : 0)
    this.#errors5xx.add(status >= 500 ? 1 : 0)
    this.#modelErrors.add(whole && isSuccess(status) ? 0 : 1)
    this.#latency.add(milliseconds * 1000)
  }

  countAbandoned(): void {
    this.#invocations.add(1)
  }

  close(): void {
    for (const counter of this.#counters) counter.close()
  }
}

/** The meters of one endpoint, by what they count for. */
class EndpointMeters {
  readonly #cloudwatch: CloudwatchFacade
  readonly #variants = new Map<string, VariantMeter>()
  readonly #containers = new Map<string, OneOfSeveralMeter>()

  constructor(cloudwatch: CloudwatchFacade) {
    this.#cloudwatch = cloudwatch
  }

  /** Gives up those of variants and containers that the endpoint does not have any more. */
  keep(route: Route | undefined): void {
    const variants = route?.variants ?? []
    const fleets = new Set(variants.map(fleetOf))
    const containers = new Set(
      variants.flatMap((one) => (one.containers ?? []).map(({ name }) => `${one.name}/${name}`)),
    )
    drop(this.#variants, fleets)
    drop(this.#containers, containers)
  }

  variant(route: Route, variant: VariantRoute): VariantMeter {
    const key = fleetOf(variant)
    const meter = this.#variants.get(key) ?? new VariantMeter(this.#cloudwatch, route, variant)
    this.#variants.set(key, meter)
    return meter
  }

  container(route: Route, variant: string, name: string): OneOfSeveralMeter {
    const key = `${variant}/${name}`
    const meter = this.#containers.get(key) ?? new OneOfSeveralMeter(this.#cloudwatch, route, variant, name)
    this.#containers.set(key, meter)
    return meter
  }
}

/** Two fleets of one config are measured as one. */
const fleetOf = ({ name, configName }: VariantRoute): string => `${name}/${configName}`

function drop(meters: Map<string, { close(): void }>, wanted: ReadonlySet<string>): void {
  for (const [name, meter] of meters) {
    if (wanted.has(name)) continue
    meter.close()
    meters.delete(name)
  }
}

/**
 * Loads routes whose variants count what becomes of their invocations. A variant keeps its meter from one load to the
 * next; it is given up when the endpoint does not have it any more.
 */
export function meteredRoutes(load: RouteLoader, cloudwatch: CloudwatchFacade): RouteLoader {
  const meters = new Map<string, EndpointMeters>()
  return async (key) => {
    const route = await load(key)
    const known = meters.get(key) ?? new EndpointMeters(cloudwatch)
    known.keep(route)
    if (route === undefined) {
      meters.delete(key)
      return undefined
    }
    meters.set(key, known)
    const variants = route.variants.map((variant): VariantRoute => {
      const meter = known.variant(route, variant)
      // Several fleets of a variant share its requests while one takes the place of the other.
      const fleets = route.variants.filter(({ name }) => name === variant.name)
      meter.instances = Math.max(
        1,
        fleets.reduce((count, { instances }) => count + instances.length, 0),
      )
      if (variant.containers === undefined) return { ...variant, meter }
      const containers = variant.containers.map(({ name }) => ({
        name,
        meter: known.container(route, variant.name, name),
      }))
      return { ...variant, meter, containers }
    })
    return { ...route, variants }
  }
}
