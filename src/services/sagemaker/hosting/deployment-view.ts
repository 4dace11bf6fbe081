import type { EndpointDeploymentRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { DeploymentPolicy } from '../endpoints/deployment-policy.ts'
import type { DeploymentPhase, DeploymentView } from './deployment-plan.ts'
import {
  capacityStages,
  deploymentStages,
  type FleetVariant,
  type PreviousCapacity,
  rollbackStages,
  type Stage,
} from './deployment-stages.ts'
import type { InstanceView } from './endpoint-plan.ts'
import type { EndpointState } from './endpoint-state.ts'

/** The update that is under way; undefined when there is none. */
export const currentDeployment = ({ deployments }: EndpointState): EndpointDeploymentRow | undefined =>
  deployments.find(({ phase }) => phase !== 'Stuck')

export const policyOf = ({ policy }: EndpointDeploymentRow): DeploymentPolicy => JSON.parse(policy) as DeploymentPolicy

/** An update as its plan sees it. `alarm` is one that is to undo it. */
export function viewDeployment(
  state: EndpointState,
  row: EndpointDeploymentRow,
  instances: readonly InstanceView[],
  hosted: boolean,
  alarm: string | undefined,
): DeploymentView {
  return {
    stages: stagesOf(state, row),
    phase: row.phase as DeploymentPhase,
    step: row.step,
    phaseAt: row.phase_at,
    startedAt: row.started_at,
    turned: row.turned_step !== null,
    incoming: row.kind === 'fleet' ? row.fleet : undefined,
    timeoutSeconds: policyOf(row).timeoutSeconds,
    alarm,
    hosted,
    instances,
  }
}

/** The way an update takes: computed anew each time, from what does not change while it lasts. */
function stagesOf({ variants }: EndpointState, row: EndpointDeploymentRow): readonly Stage[] {
  if (row.kind === 'capacity') {
    const wanted = variants.map((of) => ({ ...placeOf(of), weight: of.desired_weight }))
    return capacityStages(wanted, JSON.parse(row.previous ?? '[]') as PreviousCapacity[])
  }
  const policy = policyOf(row)
  const outgoing = variants.filter(({ fleet }) => fleet !== row.fleet).map(placeOf)
  const incoming = variants.filter(({ fleet }) => fleet === row.fleet).map(placeOf)
  const forward = deploymentStages(policy, outgoing, incoming)
  if (row.turned_step === null) return forward
  return rollbackStages(policy, outgoing, incoming, forward[row.turned_step - 1] as Stage)
}

const placeOf = (row: EndpointVariantRow): FleetVariant => ({
  fleet: row.fleet,
  variant: row.variant_name,
  instances: row.desired_instance_count,
  weight: row.current_weight ?? row.desired_weight,
})
