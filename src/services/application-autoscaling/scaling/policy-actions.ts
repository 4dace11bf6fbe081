import type {
  StepScalingPolicyConfiguration,
  TargetTrackingScalingPolicyConfiguration,
} from '../../../model/generated/application-autoscaling.ts'
import type { ScalingPolicyRow, ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { AlarmActionRefused, type AlarmActions, type AlarmEvent } from '../../cloudwatch/facade.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { countsAsNone, goalOf } from '../policies/tracking-alarms.ts'
import { policyIdOf } from '../scalable-resource.ts'
import { suspendedOf } from '../targets/target-store.ts'
import { alarmDatapoints, combined } from './alarm-datapoints.ts'
import { CapacityRefused, changeCapacity } from './change-capacity.ts'
import { conservative, decide, type LastScaling, proportional, stepWish, type Wish } from './wanted-capacity.ts'

/** Of policies that say nothing. Source: TargetTrackingScalingPolicyConfiguration (API reference). */
const DEFAULT_COOLDOWN = 300

/** What an alarm asks of a policy. */
interface Ask {
  readonly wish: Wish
  readonly cooldownSeconds: number
  /** Target tracking takes instances away only when all such policies of the target agree. */
  readonly needsAgreement: boolean
}

/**
 * Carries out scaling policies when alarms name them. While the endpoint is busy `run` rejects, and is called again; what lies
 * longer than CloudWatch's patience is asked anew, because alarms repeat themselves to scaling policies.
 */
export function policyActions(deps: () => AutoscalingDeps): AlarmActions {
  return {
    handles: (arn) => policyIdOf(arn) !== undefined,
    run: (arn, event) => carryOut(deps(), arn, event),
  }
}

async function carryOut(deps: AutoscalingDeps, arn: string, event: AlarmEvent): Promise<string> {
  const { policy, target } = await findPolicy(deps, arn, event)
  const capacity = await deps.sagemaker.findCapacity(target, target.endpoint_name, target.variant_name)
  if (capacity === undefined || capacity.status === 'Failed' || capacity.status === 'Deleting')
    throw new AlarmActionRefused(`${target.resource_id} cannot be scaled`)
  const last = target.last_scaling === null ? undefined : (JSON.parse(target.last_scaling) as LastScaling)
  if ((last !== undefined && event.at <= last.startedAt) || (await hasChangedSince(deps, target, event.at)))
    return told(arn, 'the capacity has been changed since')
  const ask = await askOf(deps, policy, event)
  if (ask === undefined) return told(arn, 'nothing follows from the state of the alarm')
  if (capacity.status !== 'InService' || (await isUnderWay(deps, target)))
    throw new Error(`the endpoint is ${capacity.status}, and its last change has to be over first`)
  const current = capacity.desiredInstances
  const suspended = suspendedOf(target)
  const decision = decide(ask.wish, {
    ...{ current, last, min: target.min_capacity, max: target.max_capacity, now: deps.clock.now() },
    outSuspended: suspended.DynamicScalingOutSuspended,
    inSuspended: suspended.DynamicScalingInSuspended,
  })
  if ('stays' in decision) return told(arn, decision.stays)
  const { to } = decision
  if (to < current && ask.needsAgreement && !(await othersAgree(deps, policy)))
    return told(arn, 'another policy does not want fewer instances')
  const cause = `monitor alarm ${event.alarmName} in state ${event.newState} triggered policy ${policy.name}`
  try {
    await changeCapacity(deps, target, { from: current, to, cause, cooldownSeconds: ask.cooldownSeconds })
  } catch (error) {
    throw error instanceof CapacityRefused ? new AlarmActionRefused(error.message) : error
  }
  return `Successfully executed action ${arn}`
}

/** Whether a change of the target has still to be closed, a policy's or one of its bounds. */
async function isUnderWay({ database }: AutoscalingDeps, { id }: ScalingTargetRow): Promise<boolean> {
  const open = database.query
    .selectFrom('scaling_activities')
    .select('id')
    .where((of) => of.and({ target_id: id, status: 'InProgress' }))
  return (await open.executeTakeFirst()) !== undefined
}

/**
 * Whether a change has come to its end since the alarm was raised: what was measured is of the time before. An alarm that is
 * still raised asks again.
 */
async function hasChangedSince({ database }: AutoscalingDeps, { id }: ScalingTargetRow, at: number): Promise<boolean> {
  const ended = database.query
    .selectFrom('scaling_activities')
    .select('id')
    .where((of) => of.and({ target_id: id, status: 'Successful' }))
    .where('ended_at', '>', at)
    .limit(1)
  return (await ended.executeTakeFirst()) !== undefined
}

const told = (arn: string, why: string): string =>
  `Successfully executed action ${arn}. No capacity was changed: ${why}.`

async function findPolicy(
  { database: { query } }: AutoscalingDeps,
  arn: string,
  { account, region }: AlarmEvent,
): Promise<{ readonly policy: ScalingPolicyRow; readonly target: ScalingTargetRow }> {
  const policy = await query
    .selectFrom('scaling_policies')
    .selectAll()
    .where('id', '=', policyIdOf(arn) ?? '')
    .executeTakeFirst()
  const target =
    policy &&
    (await query.selectFrom('scaling_targets').selectAll().where('id', '=', policy.target_id).executeTakeFirst())
  // An alarm scales what is its account's own.
  if (policy === undefined || target?.account !== account || target.region !== region)
    throw new AlarmActionRefused(`There is no scaling policy ${arn}`)
  return { policy, target }
}

async function askOf(deps: AutoscalingDeps, policy: ScalingPolicyRow, event: AlarmEvent): Promise<Ask | undefined> {
  const values = alarmDatapoints(event.reasonData)
  if (policy.type === 'StepScaling') {
    const configuration = JSON.parse(policy.configuration) as StepScalingPolicyConfiguration
    const metric = combined(values, configuration.MetricAggregationType ?? 'Average')
    const threshold = event.settings.Threshold
    const wish =
      metric === undefined || threshold === undefined ? undefined : stepWish(configuration, metric - threshold)
    const cooldownSeconds = configuration.Cooldown ?? DEFAULT_COOLDOWN
    return wish && { wish, cooldownSeconds, needsAgreement: false }
  }
  if (event.newState !== 'ALARM') return undefined
  const configuration = JSON.parse(policy.configuration) as TargetTrackingScalingPolicyConfiguration
  const alarm = await deps.database.query
    .selectFrom('scaling_alarms')
    .select('side')
    .where((of) => of.and({ policy_id: policy.id, name: event.alarmName }))
    .executeTakeFirst()
  const goal = goalOf(configuration, deps.alarmSeconds)
  if (alarm?.side === 'high') {
    const metric = values.at(-1)
    const cooldownSeconds = configuration.ScaleOutCooldown ?? DEFAULT_COOLDOWN
    return metric === undefined
      ? undefined
      : { wish: proportional(metric, goal), cooldownSeconds, needsAgreement: false }
  }
  if (alarm === undefined || configuration.DisableScaleIn === true) return undefined
  // The most that there was lately: whatever is taken away must not be missed at once.
  const metric = combined(values, 'Maximum') ?? (countsAsNone(configuration) ? 0 : undefined)
  const cooldownSeconds = configuration.ScaleInCooldown ?? DEFAULT_COOLDOWN
  return metric === undefined ? undefined : { wish: conservative(metric, goal), cooldownSeconds, needsAgreement: true }
}

/** Of several policies the one that wants most wins. Source: target tracking, "Multiple scaling policies". */
async function othersAgree({ database, cloudwatch }: AutoscalingDeps, policy: ScalingPolicyRow): Promise<boolean> {
  const rows = await database.query
    .selectFrom('scaling_alarms')
    .innerJoin('scaling_policies', 'scaling_policies.id', 'scaling_alarms.policy_id')
    .select(['scaling_alarms.name', 'side', 'account', 'region', 'configuration'])
    .where('target_id', '=', policy.target_id)
    .where('scaling_policies.id', '!=', policy.id)
    .execute()
  const [first] = rows
  if (first === undefined) return true
  const states = await cloudwatch.alarmStates(
    first,
    rows.map(({ name }) => name),
  )
  return rows.every(({ name, side, configuration }) => {
    // An alarm that somebody has deleted has no say.
    if (!states.has(name)) return true
    const isRaised = states.get(name) === 'ALARM'
    if (side === 'high') return !isRaised
    return isRaised || (JSON.parse(configuration) as TargetTrackingScalingPolicyConfiguration).DisableScaleIn === true
  })
}
