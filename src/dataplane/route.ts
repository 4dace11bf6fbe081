import type { ContainerMeter, InvocationMeter } from './invocation-meter.ts'

/** What can answer: one container, or several beside each other. */
export interface InstanceRoute {
  /** `i-…`, as in log stream names. */
  readonly id: string
  /** `host:port`; of several containers the first one's. */
  readonly address: string
  /** All of them in the model's order, when there are several. */
  readonly containers?: readonly ContainerRoute[]
}

/** One container of an instance that has several. */
export interface ContainerRoute {
  readonly name: string
  /** `host:port` */
  readonly address: string
}

/** A container as all instances of a variant have it. */
export interface VariantContainer {
  readonly name: string
  /** Undefined where nobody counts. */
  readonly meter?: ContainerMeter
}

/** A variant in one fleet. While an endpoint is updated, a name may stand here once for each of two fleets. */
export interface VariantRoute {
  readonly name: string
  /** Of the fleet's endpoint config; undefined where nobody needs to know. */
  readonly configName?: string
  /** Its part of the endpoint's requests, in proportion to that of the others. */
  readonly weight: number
  /** Its part of the requests that name it: 1 unless an update divides them among fleets. */
  readonly share: number
  readonly instances: readonly InstanceRoute[]
  readonly strategy: 'RANDOM' | 'LEAST_OUTSTANDING_REQUESTS'
  /** Counts the variant's invocations; undefined where nobody does. */
  readonly meter?: InvocationMeter
  /** In the order of the model, when it has several: each instance has them all. */
  readonly containers?: readonly VariantContainer[]
  /** Whether a request goes through all of several containers, or to the one that it names. Default Serial. */
  readonly mode?: 'Serial' | 'Direct'
  /** The container that requests go to, in a variant made by `directVariant`. */
  readonly directTo?: string
  /** As whom an asynchronous endpoint's requests are worked on, where the model names a role. */
  readonly executionRoleArn?: string
  /** The most requests that an instance of an asynchronous endpoint has at once; undefined where it is found out. */
  readonly maxConcurrency?: number
}

/** What an asynchronous endpoint does with its requests. */
export interface AsyncRoute {
  /** The queue of this endpoint, and of no other of the same name. */
  readonly queueId: string
  /** `s3://bucket/prefix` */
  readonly outputPath: string | undefined
  readonly failurePath: string | undefined
  readonly kmsKeyId: string | undefined
  /** ARNs of topics. */
  readonly successTopic: string | undefined
  readonly errorTopic: string | undefined
  /** Whose messages carry the container's answer. */
  readonly responseIn: readonly ('SUCCESS_NOTIFICATION_TOPIC' | 'ERROR_NOTIFICATION_TOPIC')[]
}

/** What the data plane needs to know of an endpoint. */
export interface Route {
  /** The name with the case it was created with. */
  readonly endpointName: string
  readonly account: string
  readonly region: string
  /** False while no container is meant to run at all (`--runtime none`). */
  readonly hosted: boolean
  readonly variants: readonly VariantRoute[]
  /** Only of asynchronous endpoints, which are invoked in no other way. */
  readonly async?: AsyncRoute
}

/**
 * The variant for a request: the one named, else one at random by its share of the weights. Undefined when there is no
 * such variant, or no variant has any weight. `random` is in [0, 1).
 */
export function chooseVariant(
  variants: readonly VariantRoute[],
  target: string | undefined,
  random: number,
): VariantRoute | undefined {
  if (target !== undefined) return chooseFleet(variants, target, random)
  if (variants.length === 1) return (variants[0] as VariantRoute).weight > 0 ? variants[0] : undefined
  let total = 0
  for (const variant of variants) total += variant.weight
  if (total <= 0) return undefined
  let mark = random * total
  for (const variant of variants) {
    mark -= variant.weight
    if (mark < 0) return variant
  }
  return variants.findLast((variant) => variant.weight > 0)
}

/** The variant of that name; of several, one at random by its share. */
function chooseFleet(variants: readonly VariantRoute[], name: string, random: number): VariantRoute | undefined {
  let total = 0
  let first: VariantRoute | undefined
  for (const variant of variants) {
    if (variant.name !== name) continue
    total += variant.share
    if (first === undefined || first.share === 0) first = variant
  }
  let mark = random * total
  for (const variant of variants) {
    if (variant.name !== name || variant.share === 0) continue
    mark -= variant.share
    if (mark < 0) return variant
  }
  return first
}

/**
 * The instance for a request, among those not in `avoid`; when every one is to be avoided, any. `outstanding` tells how
 * many requests this worker has with an instance.
 */
export function chooseInstance(
  variant: VariantRoute,
  avoid: ReadonlySet<string>,
  outstanding: (instance: InstanceRoute) => number,
  random: number,
): InstanceRoute | undefined {
  const { instances } = variant
  if (instances.length <= 1) return instances[0]
  const fit = avoid.size === 0 ? instances : instances.filter((instance) => !avoid.has(instance.id))
  const candidates = fit.length > 0 ? fit : instances
  const start = Math.floor(random * candidates.length)
  if (variant.strategy === 'RANDOM') return candidates[start]
  let best: InstanceRoute | undefined
  for (let step = 0; step < candidates.length; step++) {
    const candidate = candidates[(start + step) % candidates.length] as InstanceRoute
    if (best === undefined || outstanding(candidate) < outstanding(best)) best = candidate
  }
  return best
}

/** The variant as a request sees it that is for one of its containers; undefined when it has none of that name. */
export function directVariant(variant: VariantRoute, name: string): VariantRoute | undefined {
  const position = variant.containers?.findIndex((container) => container.name === name) ?? -1
  const container = variant.containers?.[position]
  if (container === undefined) return undefined
  const { name: variantName, weight, share, strategy } = variant
  const instances = variant.instances.flatMap(({ id, containers }): InstanceRoute[] => {
    const address = containers?.[position]?.address
    return address === undefined ? [] : [{ id, address }]
  })
  const meter = bothMeters(variant.meter, container.meter)
  return {
    name: variantName,
    weight,
    share,
    strategy,
    instances,
    directTo: name,
    ...(meter !== undefined && { meter }),
  }
}

function bothMeters(
  variant: InvocationMeter | undefined,
  container: ContainerMeter | undefined,
): InvocationMeter | undefined {
  if (variant === undefined || container === undefined) return variant
  return {
    count(status, whole, modelMilliseconds, overheadMilliseconds) {
      variant.count(status, whole, modelMilliseconds, overheadMilliseconds)
      container.count(status, whole, modelMilliseconds)
    },
    countAbandoned() {
      variant.countAbandoned()
      container.countAbandoned()
    },
  }
}
