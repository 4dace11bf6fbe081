import { type Place, placeKey } from './deployment-stages.ts'

/**
 * Starting, then Healthy (the only ones that are routed to), then, when it ends or no longer answers, Unhealthy; Failed
 * when another try would fail in the same way; Stopping once nobody wants it any more.
 */
export type InstanceState = 'Starting' | 'Healthy' | 'Unhealthy' | 'Failed' | 'Stopping'

/** What is known about one instance of an endpoint. Its container is the concern of its own work item. */
export interface InstanceView {
  readonly id: string
  readonly fleet: number
  readonly variant: string
  readonly state: InstanceState
  /** How often in a row instances in this place have failed. */
  readonly failures: number
  /** Epoch milliseconds of its last change of state. */
  readonly changedAt: number
  /** Why it is in this state, for people. */
  readonly detail: string | undefined
}

export interface EndpointView {
  readonly status: string
  /** False when nothing runs containers: then no instance is wanted, and none is touched. */
  readonly hosted: boolean
  readonly places: readonly (Place & { readonly instances: number })[]
  readonly instances: readonly InstanceView[]
}

/** What to write. Containers follow: each instance has a work item that brings about its state. */
export interface EndpointPlan {
  /** Instances that are to be ended and forgotten. */
  readonly stop: readonly string[]
  /** Places to fill, each with the failures of those that held it before. */
  readonly add: readonly (Place & { readonly failures: number })[]
  readonly status: { readonly to: 'InService' } | { readonly to: 'Failed'; readonly reason: string } | undefined
  /** All is gone: the endpoint goes too. */
  readonly forget: boolean
  /** When to look again although nothing has changed, milliseconds from now; undefined when there is no need. */
  readonly againInMilliseconds: number | undefined
}

/** A creation fails when a place has been tried this often. AWS goes on for half an hour; nobody here wants to wait that long. */
const MAX_LAUNCHES = 3
const MAX_BACKOFF_MILLISECONDS = 300_000

/** The pause before another instance takes the place of one, when instances in it have failed `failures` times in a row. */
export const replacementPause = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_BACKOFF_MILLISECONDS, 500 * 2 ** (failures - 1))

const NOTHING: EndpointPlan = {
  stop: [],
  add: [],
  status: undefined,
  forget: false,
  againInMilliseconds: undefined,
}

/** Decides what brings an endpoint from what is to what is wanted. Pure: the same view gives the same plan. */
export function planEndpoint(view: EndpointView, now: number): EndpointPlan {
  if (view.status === 'Deleting') return planDeletion(view)
  if (!view.hosted) return view.status === 'Creating' ? { ...NOTHING, status: { to: 'InService' } } : NOTHING
  if (view.status === 'Failed') return { ...NOTHING, stop: notStopping(view.instances) }
  const creating = view.status === 'Creating'
  const hopeless = creating ? view.instances.find(isHopeless) : undefined
  if (hopeless !== undefined) {
    const reason = hopeless.detail ?? 'The instance could not be started.'
    return { ...NOTHING, stop: notStopping(view.instances), status: { to: 'Failed', reason } }
  }
  const places = view.places.map((place) => planPlace(place, view.instances, now))
  const known = new Set(view.places.map(placeKey))
  const unknown = view.instances.filter((instance) => !known.has(placeKey(instance)))
  const pauses = places.flatMap((place) => place.pauses)
  return {
    stop: [...places.flatMap((place) => place.stop), ...notStopping(unknown)],
    add: places.flatMap((place) => place.add),
    status: creating && places.every((place) => place.complete) ? { to: 'InService' } : undefined,
    forget: false,
    againInMilliseconds: pauses.length === 0 ? undefined : Math.min(...pauses),
  }
}

/** Without a runtime there is nobody to end containers; the next server that has one finds them without an endpoint. */
function planDeletion(view: EndpointView): EndpointPlan {
  const gone = view.instances.length === 0 || !view.hosted
  return gone ? { ...NOTHING, forget: true } : { ...NOTHING, stop: notStopping(view.instances) }
}

/** Another try would not help, or has been made often enough. */
export const isHopeless = ({ state, failures }: InstanceView): boolean =>
  state === 'Failed' || (state === 'Unhealthy' && failures >= MAX_LAUNCHES)

const notStopping = (instances: readonly InstanceView[]): readonly string[] =>
  instances.filter((instance) => instance.state !== 'Stopping').map((instance) => instance.id)

function planPlace(
  { fleet, variant, instances: wanted }: EndpointView['places'][number],
  all: readonly InstanceView[],
  now: number,
) {
  const instances = all.filter((instance) => instance.fleet === fleet && instance.variant === variant)
  const live = instances.filter(({ state }) => state === 'Healthy' || state === 'Starting').sort(byWorth)
  const kept = live.slice(0, wanted)
  const stop = live.slice(wanted).map((instance) => instance.id)
  const add: (Place & { failures: number })[] = []
  const pauses: number[] = []
  let missing = wanted - kept.length
  for (const { id, state, failures, changedAt } of instances) {
    if (state !== 'Unhealthy' && state !== 'Failed') continue
    const pause = missing > 0 ? changedAt + replacementPause(failures) - now : 0
    // The row of a failed instance stays until its successor may start: it remembers the failures.
    if (pause > 0) pauses.push(pause)
    else {
      stop.push(id)
      if (missing > 0) add.push({ fleet, variant, failures })
    }
    missing--
  }
  for (; missing > 0; missing--) add.push({ fleet, variant, failures: 0 })
  const complete = kept.filter(({ state }) => state === 'Healthy').length >= wanted
  return { stop, add, pauses, complete }
}

/** When there are more than wanted, healthy ones stay before starting ones, and older before newer. */
const byWorth = (a: InstanceView, b: InstanceView): number =>
  rank(a) - rank(b) || a.changedAt - b.changedAt || (a.id < b.id ? -1 : 1)

const rank = (instance: InstanceView): number => (instance.state === 'Healthy' ? 0 : 1)
