import type { WorkHandler, WorkOutcome, WorkQueue } from '../../../control/work-queue.ts'
import type { Clock } from '../../../shared/clock.ts'
import { instanceId } from '../../../shared/ids.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { EndpointInstanceRow, EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { type EndpointPlan, type EndpointView, type InstanceState, planEndpoint } from './endpoint-plan.ts'
import {
  type EndpointKey,
  type EndpointState,
  type EndpointWrites,
  endpointWrites,
  formatEndpointKey,
  INSTANCE_WORK,
  loadEndpoint,
  parseEndpointKey,
} from './endpoint-state.ts'

export interface EndpointControllerDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly clock: Clock
  /** False with `--runtime none`: endpoints reach InService at once, and nothing runs. */
  readonly hosted: boolean
  readonly log: Logger
}

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
    const plan = planEndpoint(viewOf(state, deps.hosted), deps.clock.now())
    const unit = planStatements(deps, state, plan)
    try {
      if (unit.length > 0) await deps.database.commit(unit)
    } catch (error) {
      if (error instanceof ChangedMeanwhile) return AT_ONCE
      throw error
    }
    report(deps.log, state, plan)
    return plan.againInMilliseconds === undefined
      ? DONE
      : { done: false, againInMilliseconds: plan.againInMilliseconds }
  }
}

/** Somebody else has written the endpoint since it was loaded: a deletion, or a worker that took this one for dead. */
class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile'
}

function viewOf({ endpoint, variants, instances }: EndpointState, hosted: boolean): EndpointView {
  return {
    status: endpoint.status,
    hosted,
    variants: variants.map((row) => ({ name: row.variant_name, desiredInstances: row.desired_instance_count })),
    instances: instances.map((row) => ({
      id: row.id,
      variant: row.variant_name,
      state: row.state as InstanceState,
      failures: row.failures,
      changedAt: row.changed_at,
      detail: row.detail ?? undefined,
    })),
  }
}

/** The unit of work of a plan; empty when all is as it should be. */
function planStatements(deps: EndpointControllerDeps, state: EndpointState, plan: EndpointPlan): readonly Statement[] {
  const { database, changeFeed, workQueue, clock } = deps
  const writes = endpointWrites(database, changeFeed, state.key)
  const now = clock.now()
  // The revision goes up with whatever is written: of two workers with the same plan, one carries it out.
  const hold = (values: Partial<EndpointRow>) =>
    writes.updateEndpoint(state.endpoint.revision, values, () => new ChangedMeanwhile('the endpoint has changed'))
  if (plan.forget) return [hold({}), ...writes.forget(), writes.announce()]
  const added = plan.add.map(({ variant, failures }) => newInstance(state, variant, failures, now))
  const unit = [
    ...plan.stop.flatMap((id) => [
      writes.updateInstance(id, { state: 'Stopping', changed_at: now }),
      workQueue.enqueue(INSTANCE_WORK, id),
    ]),
    ...added.flatMap((row) => [writes.addInstance(row), workQueue.enqueue(INSTANCE_WORK, row.id)]),
    ...variantUpdates(deps, state, plan, writes),
  ]
  if (unit.length === 0 && plan.status === undefined) return []
  return [hold(statusValues(state, plan, now)), ...unit, writes.announce()]
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

/** Puts variants into service, and from then on keeps CurrentInstanceCount true to what answers. */
function variantUpdates(
  { hosted }: EndpointControllerDeps,
  state: EndpointState,
  { status }: EndpointPlan,
  writes: EndpointWrites,
): readonly Statement[] {
  const updates = state.variants.map((variant) => {
    const values: Partial<EndpointVariantRow> = {}
    if (status?.to === 'InService') values.current_weight = variant.desired_weight
    const current = hosted ? healthyInstances(state, variant) : 0
    const inService = status?.to === 'InService' || variant.current_instance_count !== null
    if (inService && variant.current_instance_count !== current) values.current_instance_count = current
    return { name: variant.variant_name, values }
  })
  return updates
    .filter(({ values }) => Object.keys(values).length > 0)
    .map(({ name, values }) => writes.updateVariant(name, values))
}

const healthyInstances = ({ instances }: EndpointState, { variant_name }: EndpointVariantRow): number =>
  instances.filter((row) => row.variant_name === variant_name && row.state === 'Healthy').length

const newInstance = (
  { key, endpoint, spec }: EndpointState,
  variant: string,
  failures: number,
  now: number,
): EndpointInstanceRow => ({
  id: instanceId(),
  ...(key satisfies EndpointKey),
  variant_name: variant,
  generation: endpoint.generation,
  state: 'Starting' satisfies InstanceState,
  container_id: null,
  address: null,
  image: spec.variants.find((candidate) => candidate.name === variant)?.containers[0]?.image ?? '',
  image_digest: null,
  created_at: now,
  started_at: null,
  changed_at: now,
  detail: null,
  failures,
  logged_until: null,
})

function report(log: Logger, { key }: EndpointState, { status, forget }: EndpointPlan): void {
  const endpoint = formatEndpointKey(key)
  if (forget) log.info({ endpoint }, 'endpoint deleted')
  else if (status?.to === 'Failed') log.warn({ endpoint, reason: status.reason }, 'endpoint failed')
  else if (status?.to === 'InService') log.info({ endpoint }, 'endpoint in service')
}
