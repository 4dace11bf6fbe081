import { type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import { StorageError } from '../../../storage/errors.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import type { LogCarrier } from './container-logs.ts'
import { LABELS } from './container-spec.ts'
import { type EndpointState, endpointWrites, formatEndpointKey, specOf } from './endpoint-state.ts'
import { INTERNAL_FAILURE, pingFailed } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'
import { endOf } from './keep-healthy.ts'
import { awaitHealthy, type LaunchDeps, startInstance } from './launch-instance.ts'
import { type ImagePin, type PreparationDeps, type PreparedVariant, prepareVariant } from './prepare-variant.ts'
import type { SharedPreparation } from './shared-preparation.ts'

export interface BringUpDeps extends LaunchDeps, PreparationDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly preparations: SharedPreparation<PreparedVariant>
}

/** What the row of an instance says once it runs. */
type RunningValues = Pick<EndpointInstanceRow, 'container_id' | 'address' | 'image_digest' | 'started_at'>

/**
 * Has the instance's container run and answer: the one that runs already, if its start was interrupted, else a new one.
 * Throws HostingError when that cannot be; RuntimeError `unreachable` and StorageError say that it could not be tried.
 */
export async function bringUp(
  deps: BringUpDeps,
  state: EndpointState,
  row: EndpointInstanceRow,
  logs: LogCarrier,
  signal: AbortSignal,
): Promise<RunningValues> {
  const variant = specOf(state, row.fleet)?.variants.find((candidate) => candidate.name === row.variant_name)
  const container = variant?.containers[0]
  if (variant === undefined || container === undefined)
    throw new Error(`the spec of ${state.endpoint.name} has no variant ${row.variant_name}`)
  try {
    const present = await findContainer(deps, row.id, signal)
    const adopted = present === undefined ? undefined : await adopt(deps, variant, present, logs, signal)
    const running = adopted ?? (await startNew(deps, state, row, variant, container, signal))
    logs.follow(running.id)
    await awaitHealthy(deps, variant, running, signal)
    const image_digest = (await imagePin(deps, state, row.fleet, variant).read()) ?? null
    return { container_id: running.id, address: running.address, image_digest, started_at: running.startedAt }
  } catch (error) {
    if (signal.aborted || error instanceof HostingError || error instanceof StorageError) throw error
    if (error instanceof RuntimeError && error.reason === 'unreachable') throw error
    deps.log.error({ err: error, instance: row.id }, 'an instance could not be started')
    throw new HostingError(INTERNAL_FAILURE, { transient: true, cause: error })
  }
}

async function findContainer(deps: BringUpDeps, id: string, signal: AbortSignal): Promise<ContainerState | undefined> {
  const labels = { [LABELS.installation]: deps.policy.installation, [LABELS.instance]: id }
  return (await deps.runtime.listContainers(labels, signal))[0]
}

/** Takes over the container of an interrupted start; undefined when it never ran, and is out of the way now. */
async function adopt(
  deps: BringUpDeps,
  variant: VariantSpec,
  found: ContainerState,
  logs: LogCarrier,
  signal: AbortSignal,
) {
  const { id, address, startedAt } = found
  if (found.running && address !== undefined) return { id, address, startedAt }
  if (found.exitCode === undefined || startedAt === 0) {
    await deps.runtime.removeContainer(id, 0, signal)
    return undefined
  }
  logs.follow(id)
  throw new HostingError(pingFailed(variant.name, endOf(found)), { transient: true })
}

async function startNew(
  deps: BringUpDeps,
  state: EndpointState,
  row: EndpointInstanceRow,
  variant: VariantSpec,
  container: ResolvedContainer,
  signal: AbortSignal,
) {
  const { key, endpoint } = state
  const endpointKey = formatEndpointKey(key)
  const pin = imagePin(deps, state, row.fleet, variant, container)
  // Instances of a variant that start at the same time share what they are started from.
  const prepared = await deps.preparations.join(
    `${endpointKey}/${endpoint.created_at}/${row.fleet}/${row.generation}/${variant.name}`,
    (shared) => prepareVariant(deps, variant, container, pin, shared),
    signal,
  )
  const identity = { id: row.id, endpointKey, endpointName: endpoint.name, region: key.region }
  try {
    const running = await startInstance(deps, identity, variant, container, prepared, signal)
    return { ...running, startedAt: deps.clock.now() }
  } catch (error) {
    // A worker that was taken for dead has started it in the meantime.
    const present = isConflict(error) ? await findContainer(deps, row.id, signal) : undefined
    if (present?.address === undefined) throw error
    return { id: present.id, address: present.address, startedAt: present.startedAt }
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof HostingError && error.cause instanceof RuntimeError && error.cause.reason === 'conflict'

/** The image that all instances of a variant run, kept in the variant's DeployedImages. */
function imagePin(
  { database, changeFeed, clock }: BringUpDeps,
  { key }: EndpointState,
  fleet: number,
  variant: VariantSpec,
  container = variant.containers[0],
): ImagePin {
  const read = async () => {
    const row = await database.query
      .selectFrom('endpoint_variants')
      .select('deployed_images')
      .where((of) => of.and({ ...key }))
      .where('fleet', '=', fleet)
      .where('variant_name', '=', variant.name)
      .executeTakeFirst()
    if (row?.deployed_images == null) return undefined
    return (JSON.parse(row.deployed_images) as { ResolvedImage?: string }[])[0]?.ResolvedImage
  }
  return {
    read,
    async set(resolved) {
      const image = { SpecifiedImage: container?.image, ResolvedImage: resolved, ResolutionTime: clock.now() }
      const pin = endpointWrites(database, changeFeed, key).pinImages(fleet, variant.name, JSON.stringify([image]))
      await database.commit([pin])
      return (await read()) ?? resolved
    },
  }
}
