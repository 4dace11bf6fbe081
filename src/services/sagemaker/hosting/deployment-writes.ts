import type { Statement } from '../../../storage/database.ts'
import type { EndpointDeploymentRow, EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { DeploymentPlan, DeploymentView } from './deployment-plan.ts'
import { type Place, type PreviousCapacity, placeKey, type Stage } from './deployment-stages.ts'
import type { EndpointState, EndpointWrites } from './endpoint-state.ts'
import { terminating, variantStatus } from './variant-status.ts'

/** The update under way: its row, what it looks like, and what is to become of it. */
export interface PlannedDeployment {
  readonly row: EndpointDeploymentRow
  readonly view: DeploymentView
  readonly plan: DeploymentPlan
}

/** The statements that move an update on. Empty when it stays where it is. */
export function deploymentStatements(
  state: EndpointState,
  { row, plan }: PlannedDeployment,
  writes: EndpointWrites,
  now: number,
): readonly Statement[] {
  const { move, turn, end } = plan
  const others = state.deployments.filter(({ fleet }) => fleet !== row.fleet)
  if (end === 'done' && row.kind === 'fleet') {
    const gone = fleetsOf(state).filter((fleet) => fleet !== row.fleet)
    return [writes.removeVariants(gone), writes.removeDeployments([row.fleet, ...others.map(({ fleet }) => fleet)])]
  }
  if (end === 'stuck') return [writes.updateDeployment(row.fleet, { phase: 'Stuck', phase_at: now })]
  if (end !== undefined)
    return [
      ...(row.kind === 'fleet' ? [writes.removeVariants([row.fleet])] : []),
      writes.removeDeployments([row.fleet]),
    ]
  if (turn !== undefined) {
    const back = { turned_step: row.step, reason: turn, phase: 'Launching', step: 1, phase_at: now }
    return [writes.updateDeployment(row.fleet, back)]
  }
  return move === undefined ? [] : [writes.updateDeployment(row.fleet, { ...move, phase_at: now })]
}

/** What changes in the endpoint's own row. */
export function deploymentStatus(
  { endpoint, deployments }: EndpointState,
  { row, plan }: PlannedDeployment,
  now: number,
): Partial<EndpointRow> {
  const { turn, end } = plan
  if (turn !== undefined && row.kind === 'capacity') return { status: 'RollingBack', modified_at: now }
  if (end === undefined) return {}
  const over = { observed_generation: endpoint.generation, modified_at: now }
  if (end === 'stuck') return { ...over, status: 'UpdateRollbackFailed', failure_reason: stuckReason(row, plan) }
  const left = deployments.some(({ phase }) => phase === 'Stuck')
  if (end === 'rolled-back')
    return { ...over, status: left ? 'UpdateRollbackFailed' : 'InService', failure_reason: row.reason }
  const served =
    row.config_name === null || row.spec === null
      ? {}
      : { fleet: row.fleet, config_name: row.config_name, spec: row.spec }
  return { ...over, ...served, status: 'InService', failure_reason: null }
}

const stuckReason = ({ reason }: EndpointDeploymentRow, plan: DeploymentPlan): string =>
  `${reason} The rollback failed too: ${plan.reason ?? 'the instances of the old fleet could not be started.'}`.slice(
    0,
    MOST_REASON,
  )

/** Length of FailureReason. */
const MOST_REASON = 1024

/** What an update changes in the row of a variant. */
export function deploymentVariant(
  { row, view, plan }: PlannedDeployment,
  variant: EndpointVariantRow,
  now: number,
): Partial<EndpointVariantRow> {
  const place = { fleet: variant.fleet, variant: variant.variant_name }
  const share = plan.shares.get(placeKey(place))
  if (share === undefined) return {}
  const served = share.traffic > 0 || variant.current_weight !== null
  const wanted: Partial<EndpointVariantRow> = {
    traffic: share.traffic,
    variant_status: plan.end === undefined && plan.turn === undefined ? statusText(view, plan, place, now) : null,
    ...(served && { current_weight: share.weight }),
    ...(plan.end === 'stuck' && { desired_instance_count: share.instances }),
  }
  if (plan.turn === undefined || row.kind !== 'capacity') return wanted
  const previous = (JSON.parse(row.previous ?? '[]') as PreviousCapacity[]).find((was) => was.variant === place.variant)
  if (previous === undefined) return wanted
  return { ...wanted, desired_instance_count: previous.instances, desired_weight: previous.weight }
}

function statusText(view: DeploymentView, plan: DeploymentPlan, place: Place, now: number): string | null {
  const ending = view.turned ? endingOf(view, plan.shares, place) : 0
  if (ending > 0) return JSON.stringify([terminating(ending, view.phaseAt)])
  const { phase, step } = plan.move ?? view
  const [before, next] = [view.stages[step - 1] as Stage, view.stages[step] as Stage]
  const since = plan.move === undefined ? view.phaseAt : now
  const status = variantStatus(place, before, next, phase, view.incoming, since)
  return status === undefined ? null : JSON.stringify([status])
}

/**
 * How many instances of a place are on their way out. An update that turns back ends at once what it has launched for a stage that
 * it did not reach: no stage of its way back tells of those.
 */
function endingOf({ instances }: DeploymentView, shares: DeploymentPlan['shares'], place: Place): number {
  const present = instances.filter(({ fleet, variant }) => fleet === place.fleet && variant === place.variant).length
  return present - (shares.get(placeKey(place))?.instances ?? 0)
}

const fleetsOf = ({ variants }: EndpointState): readonly number[] => [...new Set(variants.map(({ fleet }) => fleet))]
