/** What is known about one instance of an endpoint: its row, and its container if one was found. */
export interface InstanceView {
  readonly id: string
  readonly variant: string
  readonly state: 'Starting' | 'Healthy' | 'Unhealthy' | 'Stopping'
  /** Undefined when no container carries its label. */
  readonly container:
    | { readonly id: string; readonly running: boolean; readonly exitCode: number | undefined }
    | undefined
  /** How often in a row instances in this place have failed. */
  readonly failures: number
  /** Epoch milliseconds of its last change of state. */
  readonly changedAt: number
}

export interface EndpointView {
  readonly status: string
  readonly variants: readonly { readonly name: string; readonly desiredInstances: number }[]
  readonly instances: readonly InstanceView[]
  /** Containers that carry the endpoint's label but belong to no instance. */
  readonly strays: readonly string[]
}

/** One thing to do. Each can be done again without harm. */
export type Step =
  /** Start the container of an instance that has a row, or take over the one that already runs. */
  | { readonly do: 'start'; readonly instance: string }
  /** Give a variant a further instance; `notBefore` (epoch ms) delays it after failures. */
  | { readonly do: 'add'; readonly variant: string; readonly failures: number }
  /** A healthy instance's container has ended: say so, and stop routing to it. */
  | { readonly do: 'fail'; readonly instance: string; readonly exitCode: number | undefined }
  /** See that a healthy instance still answers. */
  | { readonly do: 'check'; readonly instance: string }
  /** Take an instance out of the routes, end its container, forget it. */
  | { readonly do: 'remove'; readonly instance: string }
  | { readonly do: 'remove-stray'; readonly container: string }
  /** All is gone: forget the endpoint. */
  | { readonly do: 'forget' }

export interface Plan {
  readonly steps: readonly Step[]
  /** When to look again at the latest, milliseconds from now. */
  readonly againInMilliseconds: number
}

/** A healthy endpoint is looked at this often; ends of containers are seen at once through the engine's events. */
const CHECK_MILLISECONDS = 5_000
const MAX_BACKOFF_MILLISECONDS = 300_000

/** The pause before another instance takes the place of one that has failed `failures` times in a row. */
export const replacementPause = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_BACKOFF_MILLISECONDS, 500 * 2 ** (failures - 1))

/**
 * Decides what brings an endpoint from what is to what is wanted. Pure: the same view gives the same plan, and carrying
 * a plan out twice does no harm.
 */
export function planEndpoint(view: EndpointView, now: number): Plan {
  const strays = view.strays.map((container): Step => ({ do: 'remove-stray', container }))
  if (view.status === 'Deleting' || view.status === 'Failed') return planRemoval(view, strays)
  const steps: Step[] = [...strays]
  let again = CHECK_MILLISECONDS
  for (const variant of view.variants) {
    const instances = view.instances.filter((instance) => instance.variant === variant.name)
    const ended = instances.filter((instance) => instance.state === 'Healthy' && !instance.container?.running)
    if (ended.length > 0) again = 0
    for (const { id, container } of ended) steps.push({ do: 'fail', instance: id, exitCode: container?.exitCode })
    const dead = instances.filter((instance) => instance.state === 'Unhealthy' || instance.state === 'Stopping')
    const kept = instances.filter((instance) => !ended.includes(instance) && !dead.includes(instance))
    const { start, surplus } = trim(kept, variant.desiredInstances)
    for (const instance of surplus) steps.push({ do: 'remove', instance: instance.id })
    for (const instance of start)
      steps.push(
        instance.state === 'Starting' ? { do: 'start', instance: instance.id } : { do: 'check', instance: instance.id },
      )
    let missing = variant.desiredInstances - start.length - ended.length
    for (const instance of dead) {
      const due = instance.changedAt + replacementPause(instance.failures)
      // The row of a failed instance stays until its successor may start: it remembers the failures.
      if (missing > 0 && due > now) {
        again = Math.min(again, due - now)
        missing--
        continue
      }
      steps.push({ do: 'remove', instance: instance.id })
      if (missing > 0) {
        steps.push({ do: 'add', variant: variant.name, failures: instance.failures })
        missing--
      }
    }
    for (; missing > 0; missing--) steps.push({ do: 'add', variant: variant.name, failures: 0 })
  }
  const known = new Set(view.variants.map((variant) => variant.name))
  for (const instance of view.instances)
    if (!known.has(instance.variant)) steps.push({ do: 'remove', instance: instance.id })
  return { steps, againInMilliseconds: again }
}

function planRemoval(view: EndpointView, strays: readonly Step[]): Plan {
  const removals = view.instances.map((instance): Step => ({ do: 'remove', instance: instance.id }))
  const forget: readonly Step[] = view.status === 'Deleting' ? [{ do: 'forget' }] : []
  return { steps: [...strays, ...removals, ...forget], againInMilliseconds: 0 }
}

/** Which instances stay when there are more than wanted: healthy ones before starting ones, older before newer. */
function trim(
  instances: readonly InstanceView[],
  desired: number,
): { start: readonly InstanceView[]; surplus: readonly InstanceView[] } {
  const order = [...instances].sort((a, b) => rank(a) - rank(b) || a.changedAt - b.changedAt || (a.id < b.id ? -1 : 1))
  return { start: order.slice(0, desired), surplus: order.slice(desired) }
}

const rank = (instance: InstanceView): number => (instance.state === 'Healthy' ? 0 : 1)
