import { LABELS } from './container-spec.ts'
import type { EndpointView, InstanceView } from './endpoint-plan.ts'
import { type EndpointState, formatEndpointKey } from './endpoint-state.ts'
import type { InstanceSteps } from './instance-steps.ts'

/** Sets the rows of an endpoint beside the containers that carry its label. */
export async function observeEndpoint(
  steps: Pick<InstanceSteps, 'listContainers'>,
  state: EndpointState,
  hosted: boolean,
  signal: AbortSignal,
): Promise<EndpointView> {
  const containers = hosted ? await steps.listContainers(formatEndpointKey(state.key), signal) : []
  const ids = new Set(state.instances.map((row) => row.id))
  const instances = state.instances.map((row): InstanceView => {
    const container = containers.find((candidate) => candidate.labels[LABELS.instance] === row.id)
    return {
      id: row.id,
      variant: row.variant_name,
      state: row.state as InstanceView['state'],
      container:
        container === undefined
          ? undefined
          : { id: container.id, running: container.running, exitCode: container.exitCode },
      failures: row.failures,
      changedAt: row.changed_at,
    }
  })
  const strays = containers
    .filter((container) => !ids.has(container.labels[LABELS.instance] ?? ''))
    .map((container) => container.id)
  const variants = state.variants.map((row) => ({
    name: row.variant_name,
    desiredInstances: hosted ? row.desired_instance_count : 0,
  }))
  return { status: state.endpoint.status, variants, instances, strays }
}
