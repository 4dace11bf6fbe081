import { type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import { StorageError } from '../../../storage/errors.ts'
import type { EndpointContainerRow, EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { LogCarrier } from './container-logs.ts'
import { containerTitle } from './container-names.ts'
import { LABELS, positionOf } from './container-spec.ts'
import { type EndpointState, formatEndpointKey, specOf } from './endpoint-state.ts'
import { INTERNAL_FAILURE, pingFailed } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import { imagePin } from './image-pin.ts'
import { endOf } from './keep-healthy.ts'
import { awaitHealthy, type LaunchDeps, PingFailure, startContainer } from './launch-instance.ts'
import { type PreparationDeps, type PreparedVariant, prepareVariant } from './prepare-variant.ts'
import type { SharedPreparation } from './shared-preparation.ts'
import { type Settled, sideBySide } from './side-by-side.ts'

export interface BringUpDeps extends LaunchDeps, PreparationDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly preparations: SharedPreparation<PreparedVariant>
}

/** What the row of a container says once it runs. */
export type RunningValues = Pick<EndpointContainerRow, 'container_id' | 'address' | 'image_digest' | 'started_at'>

/** A container that does not answer has failed; those beside it are given the time of one ping to show that they have too. */
const PATIENCE_MILLISECONDS = 2_000

interface Running {
  readonly id: string
  readonly address: string
  readonly startedAt: number
}

/**
 * Has the instance's containers run and answer, all beside each other: those that run already, if their start was
 * interrupted, else new ones. Returns them in the order of the model. Throws HostingError when that cannot be;
 * RuntimeError `unreachable` and StorageError say that it could not be tried.
 */
export async function bringUp(
  deps: BringUpDeps,
  state: EndpointState,
  row: EndpointInstanceRow,
  logs: LogCarrier,
  signal: AbortSignal,
): Promise<readonly RunningValues[]> {
  const variant = specOf(state, row.fleet)?.variants.find((candidate) => candidate.name === row.variant_name)
  if (variant === undefined) throw new Error(`the spec of ${state.endpoint.name} has no variant ${row.variant_name}`)
  try {
    const present = await findContainers(deps, row.id, signal)
    const tasks = variant.containers.map((_, position) => async (own: AbortSignal) => {
      const there = present.get(position)
      const adopted = there === undefined ? undefined : await adopt(deps, there, logs, position, own)
      const running = adopted ?? (await startNew(deps, state, row, variant, position, own))
      logs.follow(running.id, position)
      await awaitHealthy(deps, variant, running, own)
      return running
    })
    const patience = (error: unknown) => (error instanceof PingFailure ? PATIENCE_MILLISECONDS : 0)
    const running = allOf(variant, await sideBySide(tasks, patience, signal))
    const pins = await imagePin(deps, state, row.fleet, variant).read()
    return running.map(({ id, address, startedAt }, position) => ({
      container_id: id,
      address,
      image_digest: pins?.[position] ?? null,
      started_at: startedAt,
    }))
  } catch (error) {
    if (signal.aborted || error instanceof HostingError || error instanceof StorageError) throw error
    if (error instanceof RuntimeError && error.reason === 'unreachable') throw error
    deps.log.error({ err: error, instance: row.id }, 'an instance could not be started')
    throw new HostingError(INTERNAL_FAILURE, { transient: true, cause: error })
  }
}

/** All containers; or throws what has kept one from running, or names all those that do not answer. */
function allOf(variant: VariantSpec, results: readonly (Settled<Running> | undefined)[]): readonly Running[] {
  const failed = results.flatMap((result, position) =>
    result === undefined || result.ok ? [] : [{ position, error: result.error }],
  )
  const other = failed.find(({ error }) => !(error instanceof PingFailure))
  if (other !== undefined) throw other.error
  const silent = failed.flatMap(({ position, error }) =>
    error instanceof PingFailure ? [{ title: containerTitle(variant, position), error }] : [],
  )
  if (silent.length > 0) throw unanswered(variant, silent)
  return results.flatMap((result) => (result?.ok === true ? [result.value] : []))
}

function unanswered(
  variant: VariantSpec,
  silent: readonly { readonly title: string; readonly error: PingFailure }[],
): HostingError {
  const titles = silent.map(({ title }) => title)
  const details = silent.map(({ title, error }) => (silent.length === 1 ? error.message : `${title}: ${error.message}`))
  return new HostingError(pingFailed(variant.name, details.join(' '), titles), {
    transient: silent.every(({ error }) => error.transient),
  })
}

/** The instance's containers that are there, by their place in the model. */
async function findContainers(
  deps: BringUpDeps,
  id: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, ContainerState>> {
  const labels = { [LABELS.installation]: deps.policy.installation, [LABELS.instance]: id }
  const found = await deps.runtime.listContainers(labels, signal)
  return new Map(found.map((container) => [positionOf(container.labels), container]))
}

/** Takes over the container of an interrupted start; undefined when it never ran, and is out of the way now. */
async function adopt(
  deps: BringUpDeps,
  found: ContainerState,
  logs: LogCarrier,
  position: number,
  signal: AbortSignal,
): Promise<Running | undefined> {
  const { id, address, startedAt } = found
  if (found.running && address !== undefined) return { id, address, startedAt }
  if (found.exitCode === undefined || startedAt === 0) {
    await deps.runtime.removeContainer(id, 0, signal)
    return undefined
  }
  logs.follow(id, position)
  throw new PingFailure(endOf(found), true)
}

async function startNew(
  deps: BringUpDeps,
  state: EndpointState,
  row: EndpointInstanceRow,
  variant: VariantSpec,
  position: number,
  signal: AbortSignal,
): Promise<Running> {
  const { key, endpoint } = state
  const endpointKey = formatEndpointKey(key)
  const pin = imagePin(deps, state, row.fleet, variant)
  // Instances of a variant that start at the same time, and their containers, share what they are started from.
  const { containers } = await deps.preparations.join(
    `${endpointKey}/${endpoint.created_at}/${row.fleet}/${row.generation}/${variant.name}`,
    (shared) => prepareVariant(deps, variant, pin, shared),
    signal,
  )
  const prepared = containers[position]
  if (prepared === undefined) throw new Error(`container ${position} of ${variant.name} is not prepared`)
  const identity = { id: row.id, endpointKey, endpointName: endpoint.name, region: key.region }
  try {
    const running = await startContainer(deps, identity, variant, position, prepared, signal)
    return { ...running, startedAt: deps.clock.now() }
  } catch (error) {
    // A worker that was taken for dead has started it in the meantime.
    const present = isConflict(error) ? (await findContainers(deps, row.id, signal)).get(position) : undefined
    if (present?.address === undefined) throw error
    return { id: present.id, address: present.address, startedAt: present.startedAt }
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof HostingError && error.cause instanceof RuntimeError && error.cause.reason === 'conflict'
