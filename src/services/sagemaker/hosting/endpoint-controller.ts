import type { WorkHandler, WorkOutcome, WorkQueue } from '../../../control/work-queue.ts'
import type { Clock } from '../../../shared/clock.ts'
import { instanceId } from '../../../shared/ids.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type {
  EndpointContainerRow,
  EndpointDeploymentRow,
  EndpointInstanceRow,
  EndpointRow,
  EndpointVariantRow,
} from '../../../storage/schema/endpoints.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { AlarmStates } from './alarm-states.ts'
import { containerName } from './container-names.ts'
import { planDeployment } from './deployment-plan.ts'
import type { Place } from './deployment-stages.ts'
import { currentDeployment, policyOf, viewDeployment } from './deployment-view.ts'
import {
  deploymentStatements,
  deploymentStatus,
  deploymentVariant,
  type PlannedDeployment,
} from './deployment-writes.ts'
import {
  type EndpointPlan,
  type EndpointView,
  type InstanceState,
  type InstanceView,
  planEndpoint,
} from './endpoint-plan.ts'
import {
  type EndpointKey,
  type EndpointState,
  type EndpointWrites,
  endpointWrites,
  formatEndpointKey,
  INSTANCE_WORK,
  loadEndpoint,
  parseEndpointKey,
  specOf,
} from './endpoint-state.ts'

export interface EndpointControllerDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly clock: Clock
  /** False with `--runtime none`: endpoints reach InService at once, and nothing runs. */
  readonly hosted: boolean
  readonly alarms: AlarmStates
  readonly log: Logger
}

/** The alarms of an update are asked for this often. */
const ALARMS_MILLISECONDS = 2_000

const DONE: WorkOutcome = { done: true }
const AT_ONCE: WorkOutcome = { done: false, againInMilliseconds: 0 }

/**
 * Decides for one endpoint which instances it is to have and what its status is, and writes that in one unit: loads,
 * plans, commits. It never waits for a container. Each instance's own work item brings about what its row says, and has
 * this one run again whenever that row changes.
 */
export function createEndpointController(deps: EndpointControllerDeps): WorkHandler {
  return async (item) => {
    const state = await loadEndpoint(deps.database, parseEndpointKey(item.key))
    if (state === undefined) return DONE
    const instances = instanceViews(state)
    const update = await planUpdate(deps, state, instances)
    const plan = planEndpoint(viewOf(state, instances, update, deps.hosted), deps.clock.now())
    const unit = planStatements(deps, state, plan, update)
    try {
      if (unit.length > 0) await deps.database.commit(unit)
    } catch (error) {
      if (error instanceof ChangedMeanwhile) return AT_ONCE
      throw error
    }
    report(deps.log, state, plan, update)
    // What has moved may move on at once: not every phase has something to wait for.
    if (update?.plan.move !== undefined || update?.plan.turn !== undefined) return AT_ONCE
    const again = soonest(plan.againInMilliseconds, update?.plan.againInMilliseconds, alarmPause(update))
    return again === undefined ? DONE : { done: false, againInMilliseconds: again }
  }
}

const soonest = (...pauses: readonly (number | undefined)[]): number | undefined => {
  const known = pauses.filter((pause) => pause !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

const alarmPause = (update: PlannedDeployment | undefined): number | undefined =>
  update !== undefined && update.plan.end === undefined && watchesAlarms(update.row) ? ALARMS_MILLISECONDS : undefined

const watchesAlarms = (row: EndpointDeploymentRow): boolean =>
  row.turned_step === null && row.phase !== 'Terminating' && policyOf(row).alarms.length > 0

/** Undefined when no update is under way. */
async function planUpdate(
  { clock, hosted, alarms }: EndpointControllerDeps,
  state: EndpointState,
  instances: readonly InstanceView[],
): Promise<PlannedDeployment | undefined> {
  const row = currentDeployment(state)
  if (row === undefined || !UPDATING.has(state.endpoint.status)) return undefined
  const { account, region } = state.key
  const raised = watchesAlarms(row) ? await alarms.inAlarm(account, region, policyOf(row).alarms) : undefined
  const view = viewDeployment(state, row, instances, hosted, raised?.[0])
  return { row, view, plan: planDeployment(view, clock.now()) }
}

const UPDATING: ReadonlySet<string> = new Set(['Updating', 'RollingBack'])

/** Somebody else has written the endpoint since it was loaded: a deletion, or a worker that took this one for dead. */
class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile'
}

const instanceViews = ({ instances }: EndpointState): readonly InstanceView[] =>
  instances.map((row) => ({
    id: row.id,
    fleet: row.fleet,
    variant: row.variant_name,
    state: row.state as InstanceState,
    failures: row.failures,
    changedAt: row.changed_at,
    detail: row.detail ?? undefined,
  }))

const viewOf = (
  { endpoint, variants }: EndpointState,
  instances: readonly InstanceView[],
  update: PlannedDeployment | undefined,
  hosted: boolean,
): EndpointView => ({
  status: endpoint.status,
  hosted,
  places:
    update === undefined
      ? variants.map(({ fleet, variant_name: variant, desired_instance_count: instances }) => ({
          fleet,
          variant,
          instances,
        }))
      : [...update.plan.shares.values()],
  instances,
})

/** The unit of work of a plan; empty when all is as it should be. */
function planStatements(
  deps: EndpointControllerDeps,
  state: EndpointState,
  plan: EndpointPlan,
  update: PlannedDeployment | undefined,
): readonly Statement[] {
  const { database, changeFeed, workQueue, clock } = deps
  const writes = endpointWrites(database, changeFeed, state.key)
  const now = clock.now()
  // The revision goes up with whatever is written: of two workers with the same plan, one carries it out.
  const hold = (values: Partial<EndpointRow>) =>
    writes.updateEndpoint(state.endpoint.revision, values, () => new ChangedMeanwhile('the endpoint has changed'))
  if (plan.forget) return [hold({}), ...writes.forget(), writes.announce()]
  const added = plan.add.map((place) => newInstance(state, place, place.failures, now))
  const unit = [
    ...plan.stop.flatMap((id) => [
      writes.updateInstance(id, { state: 'Stopping', changed_at: now }),
      workQueue.enqueue(INSTANCE_WORK, id),
    ]),
    ...added.flatMap((row) => [
      ...writes.addInstance(row, newContainers(state, row)),
      workQueue.enqueue(INSTANCE_WORK, row.id),
    ]),
    ...variantUpdates(deps, state, plan, update, writes),
    ...(update === undefined ? [] : deploymentStatements(state, update, writes, now)),
  ]
  if (unit.length === 0 && plan.status === undefined) return []
  const updated = update === undefined ? {} : deploymentStatus(state, update, now)
  return [hold({ ...statusValues(state, plan, now), ...updated }), ...unit, writes.announce()]
}

function statusValues({ endpoint }: EndpointState, { status }: EndpointPlan, now: number): Partial<EndpointRow> {
  if (status === undefined) return {}
  return {
    status: status.to,
    failure_reason: status.to === 'Failed' ? status.reason : null,
    observed_generation: endpoint.generation,
    modified_at: now,
  }
}

/** Puts variants into service, moves traffic, and keeps CurrentInstanceCount true to what answers. */
function variantUpdates(
  { hosted, clock }: EndpointControllerDeps,
  state: EndpointState,
  { status }: EndpointPlan,
  update: PlannedDeployment | undefined,
  writes: EndpointWrites,
): readonly Statement[] {
  return state.variants.flatMap((variant) => {
    const wanted: Partial<EndpointVariantRow> =
      update === undefined ? {} : deploymentVariant(update, variant, clock.now())
    if (status?.to === 'InService') wanted.current_weight = variant.desired_weight
    const inService = status?.to === 'InService' || variant.current_instance_count !== null || update !== undefined
    if (inService) wanted.current_instance_count = hosted ? healthyInstances(state, variant) : 0
    const changed = Object.entries(wanted).filter(([name, value]) => variant[name as keyof typeof variant] !== value)
    if (changed.length === 0) return []
    return [writes.updateVariant(variant.fleet, variant.variant_name, Object.fromEntries(changed))]
  })
}

const healthyInstances = ({ instances }: EndpointState, { fleet, variant_name }: EndpointVariantRow): number =>
  instances.filter((row) => row.fleet === fleet && row.variant_name === variant_name && row.state === 'Healthy').length

const newInstance = (
  state: EndpointState,
  { fleet, variant }: Place,
  failures: number,
  now: number,
): EndpointInstanceRow => ({
  id: instanceId(),
  ...(state.key satisfies EndpointKey),
  fleet,
  variant_name: variant,
  generation: state.endpoint.generation,
  state: 'Starting' satisfies InstanceState,
  created_at: now,
  changed_at: now,
  detail: null,
  failures,
})

const newContainers = (state: EndpointState, { id, fleet, variant_name }: EndpointInstanceRow) => {
  const variant = specOf(state, fleet)?.variants.find(({ name }) => name === variant_name)
  return (variant?.containers ?? []).map(
    (container, position): EndpointContainerRow => ({
      instance_id: id,
      position,
      name: containerName(container, position),
      container_id: null,
      address: null,
      image: container.image,
      image_digest: null,
      started_at: null,
      logged_until: null,
    }),
  )
}

function report(
  log: Logger,
  { key }: EndpointState,
  { status, forget }: EndpointPlan,
  update: PlannedDeployment | undefined,
): void {
  const endpoint = formatEndpointKey(key)
  if (forget) log.info({ endpoint }, 'endpoint deleted')
  else if (status?.to === 'Failed') log.warn({ endpoint, reason: status.reason }, 'endpoint failed')
  else if (status?.to === 'InService') log.info({ endpoint }, 'endpoint in service')
  if (update === undefined) return
  const { turn, end, reason, move } = update.plan
  if (turn !== undefined) log.warn({ endpoint, reason: turn }, 'endpoint update is rolled back')
  else if (end === 'done') log.info({ endpoint }, 'endpoint updated')
  else if (end !== undefined) log.warn({ endpoint, reason: reason ?? update.row.reason }, `endpoint update ${end}`)
  else if (move !== undefined) log.debug({ endpoint, ...move }, 'endpoint update moves on')
}
