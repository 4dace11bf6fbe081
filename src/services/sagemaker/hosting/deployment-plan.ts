import { type Place, placeKey, type Share, type Stage } from './deployment-stages.ts'
import { type InstanceView, isHopeless } from './endpoint-plan.ts'

/**
 * Launching: instances are added until the next stage has all of its own. Baking: it has its traffic, and is watched for
 * a while. Terminating: what the stage no longer has is ended. Stuck: see `DeploymentEnd`.
 */
export type DeploymentPhase = 'Launching' | 'Baking' | 'Terminating' | 'Stuck'

/** A change of an endpoint that is under way. */
export interface DeploymentView {
  /** From where it began to where it is to end; the way back once it has turned. */
  readonly stages: readonly Stage[]
  readonly phase: DeploymentPhase
  /** The stage it is on its way to, from 1. */
  readonly step: number
  /** Epoch milliseconds. */
  readonly phaseAt: number
  readonly startedAt: number
  /** On its way back. */
  readonly turned: boolean
  /** The fleet that comes in; undefined when only weights and capacities change. */
  readonly incoming: number | undefined
  readonly timeoutSeconds: number | undefined
  /** An alarm that is to undo the update, and is in ALARM. */
  readonly alarm: string | undefined
  /** False when nothing runs containers: then it is over at once. */
  readonly hosted: boolean
  readonly instances: readonly InstanceView[]
}

export type DeploymentEnd =
  /** What was wanted is so. */
  | 'done'
  /** All is as it was before. */
  | 'rolled-back'
  /** Neither can be: what runs goes on running. */
  | 'stuck'

export interface DeploymentPlan {
  /** To another phase; undefined when it stays. */
  readonly move: { readonly phase: DeploymentPhase; readonly step: number } | undefined
  /** It turns back from here, for this reason. The way back is planned by the next look. */
  readonly turn: string | undefined
  readonly end: DeploymentEnd | undefined
  /** Why it is stuck. */
  readonly reason: string | undefined
  /** What every place is to have now. */
  readonly shares: ReadonlyMap<string, Share & Place>
  /** When to look again although nothing has changed. */
  readonly againInMilliseconds: number | undefined
}

/** Decides the next move of an update. Pure. */
export function planDeployment(view: DeploymentView, now: number): DeploymentPlan {
  const { stages, phase, step, turned, hosted } = view
  const before = stages[step - 1] as Stage
  const next = stages[step] as Stage
  const stay: DeploymentPlan = {
    move: undefined,
    turn: undefined,
    end: undefined,
    reason: undefined,
    shares: sharesIn(phase, before, next),
    againInMilliseconds: undefined,
  }
  const over = (end: DeploymentEnd, last: Stage): DeploymentPlan => ({ ...stay, end, shares: last.shares })
  if (!hosted) return over(turned ? 'rolled-back' : 'done', stages.at(-1) as Stage)
  if (phase === 'Terminating') {
    if (!isSettled(next, view.instances)) return stay
    if (step + 1 === stages.length) return over(turned ? 'rolled-back' : 'done', next)
    const further = stages[step + 1] as Stage
    return {
      ...stay,
      move: { phase: 'Launching', step: step + 1 },
      shares: sharesIn('Launching', next, further),
    }
  }
  const trouble = turned ? undefined : troubleOf(view, before, next, now)
  if (trouble !== undefined) return { ...stay, turn: trouble, shares: before.shares }
  const growing = growingPlaces(before, next)
  if (phase === 'Launching') {
    if (turned && hopelessIn(growing, view.instances) !== undefined) {
      const reason = hopelessIn(growing, view.instances)?.detail
      return { ...over('stuck', before), reason }
    }
    const awaited = turned ? growing : [...growing, ...incomingPlaces(view, next)]
    if (!isComplete(awaited, next, view.instances)) return { ...stay, againInMilliseconds: lookAgain(view, now) }
    return { ...stay, move: { phase: 'Baking', step }, shares: sharesIn('Baking', before, next) }
  }
  const left = view.phaseAt + next.waitSeconds * 1000 - now
  if (left > 0) return { ...stay, againInMilliseconds: Math.min(left, lookAgain(view, now) ?? left) }
  // Nothing is ended before what takes its place is there.
  if (!turned && !isComplete(incomingPlaces(view, next), next, view.instances))
    return { ...stay, againInMilliseconds: lookAgain(view, now) }
  return { ...stay, move: { phase: 'Terminating', step }, shares: next.shares }
}

/** While it goes to a stage, a place keeps what it had for as long as the others are not ready. */
function sharesIn(phase: DeploymentPhase, before: Stage, next: Stage): ReadonlyMap<string, Share & Place> {
  if (phase === 'Terminating') return next.shares
  const shares = [...next.shares].map(([key, share]): [string, Share & Place] => {
    const had = before.shares.get(key) ?? share
    const { traffic, weight } = phase === 'Launching' ? had : share
    return [key, { ...share, traffic, weight, instances: Math.max(had.instances, share.instances) }]
  })
  return new Map(shares)
}

/** Why the update is to turn back, as a sentence; undefined when all is well. */
function troubleOf(view: DeploymentView, before: Stage, next: Stage, now: number): string | undefined {
  const tried = view.incoming === undefined ? growingPlaces(before, next) : incomingPlaces(view, next)
  const hopeless = hopelessIn(tried, view.instances)
  if (hopeless !== undefined) return hopeless.detail ?? 'The instance could not be started.'
  if (view.alarm !== undefined) return `The alarm ${view.alarm} is in ALARM state.`
  if (view.timeoutSeconds !== undefined && now >= deadline(view))
    return `The update did not complete within MaximumExecutionTimeoutInSeconds (${view.timeoutSeconds}).`
  return undefined
}

const deadline = ({ startedAt, timeoutSeconds = Number.POSITIVE_INFINITY }: DeploymentView): number =>
  startedAt + timeoutSeconds * 1000

const lookAgain = (view: DeploymentView, now: number): number | undefined =>
  view.timeoutSeconds === undefined || view.turned ? undefined : Math.max(0, deadline(view) - now)

const growingPlaces = (before: Stage, next: Stage): readonly (Share & Place)[] =>
  [...next.shares].flatMap(([key, share]) =>
    share.instances > (before.shares.get(key)?.instances ?? 0) ? [share] : [],
  )

const incomingPlaces = ({ incoming }: DeploymentView, next: Stage): readonly (Share & Place)[] =>
  [...next.shares.values()].filter(({ fleet }) => fleet === incoming)

const isIn = (place: Place, instance: InstanceView): boolean =>
  instance.fleet === place.fleet && instance.variant === place.variant

const hopelessIn = (places: readonly Place[], instances: readonly InstanceView[]): InstanceView | undefined =>
  instances.find((instance) => isHopeless(instance) && places.some((place) => isIn(place, instance)))

const isComplete = (places: readonly Place[], { shares }: Stage, instances: readonly InstanceView[]): boolean =>
  places.every((place) => {
    const healthy = instances.filter((instance) => isIn(place, instance) && instance.state === 'Healthy').length
    return healthy >= (shares.get(placeKey(place))?.instances ?? 0)
  })

/** Nothing is there any more that the stage does not have. */
const isSettled = ({ shares }: Stage, instances: readonly InstanceView[]): boolean =>
  [...shares.values()].every((share) => instances.filter((instance) => isIn(share, instance)).length <= share.instances)
