import type { CapacitySize } from '../../../model/generated/sagemaker.ts'
import type { DeploymentPolicy } from '../endpoints/deployment-policy.ts'

/** A variant in a fleet: where instances are. */
export interface Place {
  readonly fleet: number
  readonly variant: string
}

/** A variant in a fleet with what it has when all of its fleet serves. */
export interface FleetVariant extends Place {
  readonly instances: number
  readonly weight: number
}

/** What a place has at one stage. */
export interface Share {
  readonly instances: number
  /** How much it gets of what its weight in its fleet gives it, 0 to 1. */
  readonly traffic: number
  readonly weight: number
}

/** Where an update is to have got to: every place, and the time to wait there before anything is ended. */
export interface Stage {
  readonly shares: ReadonlyMap<string, Share & Place>
  readonly waitSeconds: number
  /** The member that says so, for people. */
  readonly waitName: 'WaitIntervalInSeconds' | 'TerminationWaitInSeconds'
}

export const placeKey = ({ fleet, variant }: Place): string => `${fleet}/${variant}`

/** What a change of weights and capacities found. */
export interface PreviousCapacity {
  readonly variant: string
  readonly instances: number
  readonly weight: number
}

/** From the fleet that serves to the one that comes in. The first stage is where it begins. */
export function deploymentStages(
  policy: DeploymentPolicy,
  outgoing: readonly FleetVariant[],
  incoming: readonly FleetVariant[],
): readonly Stage[] {
  const start = stage([...at(outgoing, whole, kept(outgoing)), ...at(incoming, none, none)])
  if (policy.kind === 'rolling') return [start, ...rollingStages(policy, outgoing, incoming)]
  const shifts = trafficSteps(policy, incoming).map((shares) =>
    stage(
      [
        ...at(outgoing, whole, (of) => left(of, shares, incoming, kept(outgoing))),
        ...at(incoming, whole, ({ variant }) => shares.get(variant) ?? 1),
      ],
      policy.waitSeconds,
    ),
  )
  const end = stage(
    [...at(outgoing, none, none), ...at(incoming, whole, () => 1)],
    policy.terminationWaitSeconds,
    'TerminationWaitInSeconds',
  )
  return [start, ...shifts, end]
}

/** The way back from a stage of that way to its beginning, beginning with that stage. */
export function rollbackStages(
  policy: DeploymentPolicy,
  outgoing: readonly FleetVariant[],
  incoming: readonly FleetVariant[],
  from: Stage,
): readonly Stage[] {
  const there = (place: FleetVariant) => from.shares.get(placeKey(place)) as Share
  const batch = ({ instances }: FleetVariant) =>
    policy.rollbackSize === undefined ? instances : batchOf(policy.rollbackSize, instances)
  const count = Math.max(
    1,
    ...outgoing.map((of) => Math.ceil((of.instances - there(of).instances) / Math.max(1, batch(of)))),
  )
  const stages = Array.from({ length: count }, (_, index) => {
    const step = index + 1
    const last = step === count
    const back = (of: FleetVariant) => Math.min(of.instances, there(of).instances + batch(of) * step)
    const served = (of: FleetVariant) => (last ? 0 : Math.min(there(of).traffic, remaining(of.variant)))
    const remaining = (variant: string) => {
      const old = outgoing.filter((of) => of.variant === variant)
      const whole = sum(old.map(({ instances }) => instances))
      return whole === 0 ? 1 - step / count : 1 - sum(old.map(back)) / whole
    }
    return stage([
      ...at(outgoing, back, (of) => kept(outgoing)(of) * (last ? 1 : 1 - shareOf(of.variant, incoming, served))),
      ...at(
        incoming,
        (of) => (last ? 0 : Math.min(there(of).instances, Math.ceil(of.instances * remaining(of.variant)))),
        served,
      ),
    ])
  })
  return [from, ...stages]
}

/** From weights and capacities as they were to those wanted. */
export function capacityStages(
  variants: readonly FleetVariant[],
  previous: readonly PreviousCapacity[],
): readonly Stage[] {
  const before = variants.map((of): FleetVariant => {
    const was = previous.find(({ variant }) => variant === of.variant)
    return was === undefined ? of : { ...of, instances: was.instances, weight: was.weight }
  })
  return [before, variants].map((places) => stage(at(places, whole, () => 1)))
}

/** How long an update waits in all, in seconds. */
export const waitingSeconds = (stages: readonly Stage[]): number => sum(stages.map(({ waitSeconds }) => waitSeconds))

function rollingStages(
  policy: DeploymentPolicy,
  outgoing: readonly FleetVariant[],
  incoming: readonly FleetVariant[],
): readonly Stage[] {
  const batch = ({ instances }: FleetVariant) => batchOf(policy.size as CapacitySize, instances)
  const count = Math.max(1, ...incoming.map((of) => Math.ceil(of.instances / batch(of))))
  return Array.from({ length: count }, (_, index) => {
    const step = index + 1
    const arrived = (of: FleetVariant) => Math.min(of.instances, batch(of) * step)
    const share = (of: FleetVariant) => arrived(of) / of.instances
    const shares = new Map(incoming.map((of) => [of.variant, share(of)]))
    const stays = (of: FleetVariant) => {
      const successor = incoming.find(({ variant }) => variant === of.variant)
      // In whole numbers: a rounded fraction could keep an instance that nobody needs.
      if (successor === undefined) return Math.ceil((of.instances * (count - step)) / count)
      return Math.ceil((of.instances * (successor.instances - arrived(successor))) / successor.instances)
    }
    const stayed = (of: FleetVariant) =>
      shares.has(of.variant) ? left(of, shares, incoming, kept(outgoing)) : kept(outgoing)(of) * (1 - step / count)
    return stage([...at(outgoing, stays, stayed), ...at(incoming, arrived, share)], policy.waitSeconds)
  })
}

/** The share of each incoming variant after each shift of traffic before the old fleet's end: none, the canary, or all steps. */
function trafficSteps(
  { size, canary }: DeploymentPolicy,
  incoming: readonly FleetVariant[],
): readonly ReadonlyMap<string, number>[] {
  if (size === undefined) return []
  const fraction = ({ instances }: FleetVariant) =>
    size.Type === 'CAPACITY_PERCENT' ? size.Value / 100 : Math.min(1, size.Value / instances)
  const count = canary ? 1 : Math.max(...incoming.map((of) => Math.ceil(ALL / fraction(of))))
  return Array.from({ length: count }, (_, index) => {
    const share = (of: FleetVariant) => fraction(of) * (index + 1)
    return new Map(incoming.map((of) => [of.variant, share(of) >= ALL ? 1 : share(of)]))
  })
}

/** Three steps of 33 % are all there is. */
const ALL = 0.99

/** How many instances a size is of so many; at least one. */
const batchOf = ({ Type: type, Value: value }: CapacitySize, instances: number): number =>
  Math.max(1, Math.min(instances, type === 'INSTANCE_COUNT' ? value : Math.floor((instances * value) / 100)))

/** What is left for an outgoing variant when the incoming ones have their shares. */
function left(
  of: FleetVariant,
  shares: ReadonlyMap<string, number>,
  incoming: readonly FleetVariant[],
  base: (of: FleetVariant) => number,
): number {
  return base(of) * (1 - shareOf(of.variant, incoming, ({ variant }) => shares.get(variant) ?? 1))
}

/** The share of the incoming variant of that name; of all of them together when there is none. */
function shareOf(variant: string, incoming: readonly FleetVariant[], share: (of: FleetVariant) => number): number {
  const successor = incoming.find((of) => of.variant === variant)
  if (successor !== undefined) return share(successor)
  const weights = sum(incoming.map(({ weight }) => weight))
  return weights === 0 ? 0 : sum(incoming.map((of) => share(of) * of.weight)) / weights
}

/**
 * What each outgoing variant gets while nothing has moved: everything, unless an update that could not be undone has
 * left two fleets; then each by its instances.
 */
const kept =
  (outgoing: readonly FleetVariant[]) =>
  (of: FleetVariant): number => {
    const all = sum(outgoing.filter(({ variant }) => variant === of.variant).map(({ instances }) => instances))
    return all === 0 ? 1 : of.instances / all
  }

const whole = ({ instances }: FleetVariant): number => instances
const none = (): number => 0

const at = (
  variants: readonly FleetVariant[],
  instances: (of: FleetVariant) => number,
  traffic: (of: FleetVariant) => number,
): readonly (Share & Place)[] =>
  variants.map((of) => ({
    fleet: of.fleet,
    variant: of.variant,
    weight: of.weight,
    instances: instances(of),
    traffic: traffic(of),
  }))

const stage = (
  shares: readonly (Share & Place)[],
  waitSeconds = 0,
  waitName: Stage['waitName'] = 'WaitIntervalInSeconds',
): Stage => ({ shares: new Map(shares.map((share) => [placeKey(share), share])), waitSeconds, waitName })

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
