import type { WorkOutcome } from '../../../control/work-queue.ts'
import type { EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { EndpointControllerDeps } from './endpoint-controller.ts'
import {
  type EndpointKey,
  type EndpointState,
  endpointWrites,
  formatEndpointKey,
  loadEndpoint,
} from './endpoint-state.ts'
import type { HostingError } from './hosting-error.ts'

/** A creation fails when a place has been tried this often. AWS goes on for half an hour; nobody here wants to wait that long. */
const MAX_LAUNCHES = 3

/**
 * Writes the status that follows from what the steps have brought about. Returns what is to become of the work item, or
 * undefined to go by the plan.
 */
export async function concludeEndpoint(
  deps: EndpointControllerDeps,
  key: EndpointKey,
  failures: readonly HostingError[],
): Promise<WorkOutcome | undefined> {
  const state = await loadEndpoint(deps.database, key)
  if (state === undefined) return { done: true }
  const { status } = state.endpoint
  if (status === 'Creating') return concludeCreation(deps, state, failures)
  if (status === 'Deleting') return { done: false, againInMilliseconds: failures.length === 0 ? 0 : 1_000 }
  if (status === 'Failed')
    return state.instances.length === 0 ? { done: true } : { done: false, againInMilliseconds: 1_000 }
  await noteCounts(deps, state)
  // With nothing to run there is nothing to look after.
  return deps.hosted ? undefined : { done: true }
}

async function concludeCreation(
  deps: EndpointControllerDeps,
  state: EndpointState,
  failures: readonly HostingError[],
): Promise<WorkOutcome | undefined> {
  const hopeless =
    failures.find((failure) => !failure.transient) ??
    (state.instances.some((row) => row.failures >= MAX_LAUNCHES) ? failures[0] : undefined)
  if (hopeless !== undefined) {
    await setStatus(deps, state, 'Failed', hopeless.reason)
    deps.log.warn({ endpoint: formatEndpointKey(state.key), reason: hopeless.reason }, 'endpoint failed')
    return { done: false, againInMilliseconds: 0 }
  }
  const complete = state.variants.every(
    (variant) => healthy(state, variant) >= (deps.hosted ? variant.desired_instance_count : 0),
  )
  if (!complete) return failures.length === 0 ? { done: false, againInMilliseconds: 0 } : undefined
  await setStatus(deps, state, 'InService', null)
  deps.log.info({ endpoint: formatEndpointKey(state.key) }, 'endpoint in service')
  return deps.hosted ? undefined : { done: true }
}

async function setStatus(
  deps: EndpointControllerDeps,
  state: EndpointState,
  status: string,
  reason: string | null,
): Promise<void> {
  const { endpoint, variants, key } = state
  const writes = endpointWrites(deps.database, deps.changeFeed, key)
  const inService = status === 'InService'
  await deps.database.commit([
    writes.updateEndpoint(
      endpoint.revision,
      { status, failure_reason: reason, observed_generation: endpoint.generation, modified_at: deps.clock.now() },
      () => new Error('the endpoint was changed by somebody else'),
    ),
    ...variants.map((variant) =>
      writes.updateVariant(variant.variant_name, {
        variant_status: null,
        ...(inService && {
          current_weight: variant.desired_weight,
          current_instance_count: deps.hosted ? healthy(state, variant) : 0,
        }),
      }),
    ),
    writes.announce(),
  ])
}

/** Keeps CurrentInstanceCount true to what answers. */
async function noteCounts(deps: EndpointControllerDeps, state: EndpointState): Promise<void> {
  const writes = endpointWrites(deps.database, deps.changeFeed, state.key)
  const changed = state.variants.filter(
    (variant) => deps.hosted && variant.current_instance_count !== healthy(state, variant),
  )
  if (changed.length === 0) return
  await deps.database.commit(
    changed.map((variant) =>
      writes.updateVariant(variant.variant_name, { current_instance_count: healthy(state, variant) }),
    ),
  )
}

const healthy = (state: EndpointState, variant: EndpointVariantRow): number =>
  state.instances.filter((row) => row.variant_name === variant.variant_name && row.state === 'Healthy').length
