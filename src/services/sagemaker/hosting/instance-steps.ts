import type { WorkQueue } from '../../../control/work-queue.ts'
import type { ContainerState } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import { wait } from '../../../shared/wait.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { LABELS } from './container-spec.ts'
import { CONTAINER_LOGS_WORK, type EndpointState, endpointWrites, formatEndpointKey } from './endpoint-state.ts'
import { HostingError } from './hosting-error.ts'
import { awaitHealthy, type LaunchDeps, startInstance } from './launch-instance.ts'
import { ping } from './ping.ts'
import { type PreparationDeps, type PreparedVariant, prepareVariant } from './prepare-variant.ts'

/** SIGTERM, then this long until SIGKILL. Source: hosting container contract §1. */
const STOP_SECONDS = 30
/** An instance that has answered for this long starts anew when its failures are counted. */
const PROVEN_MILLISECONDS = 60_000
/** A ping may fail once or twice under load; an instance is given up after this many in a row. */
const PINGS = 3

export interface InstanceStepsDeps extends LaunchDeps, PreparationDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly clock: Clock
}

/** The steps of a plan, each repeatable. */
export type InstanceSteps = ReturnType<typeof createInstanceSteps>

export function createInstanceSteps(deps: InstanceStepsDeps) {
  const { database, changeFeed, workQueue, clock, runtime } = deps
  const preparing = new Map<string, Promise<PreparedVariant>>()

  const writesOf = (state: EndpointState) => endpointWrites(database, changeFeed, state.key)

  /** Instances of a variant that start at the same time share what they are started from. */
  function prepared(
    state: EndpointState,
    variant: VariantSpec,
    container: ResolvedContainer,
    signal: AbortSignal,
  ): Promise<PreparedVariant> {
    const id = `${formatEndpointKey(state.key)}/${state.endpoint.created_at}/${variant.name}`
    const running = preparing.get(id)
    if (running !== undefined) return running
    const pinned = pinnedImage(state, variant.name)
    const starting = prepareVariant(deps, variant, container, pinned, signal).finally(() => preparing.delete(id))
    preparing.set(id, starting)
    return starting
  }

  async function start(state: EndpointState, id: string, signal: AbortSignal): Promise<void> {
    const row = state.instances.find((instance) => instance.id === id)
    if (row !== undefined) await launch(state, row, signal)
  }

  async function launch(state: EndpointState, row: EndpointInstanceRow, signal: AbortSignal): Promise<void> {
    const variant = state.spec.variants.find((candidate) => candidate.name === row.variant_name)
    const container = variant?.containers[0]
    if (variant === undefined || container === undefined)
      throw new Error(`the spec of ${state.endpoint.name} has no variant ${row.variant_name}`)
    try {
      const running = (await adopt(row, signal)) ?? (await startNew(state, row, variant, container, signal))
      await awaitHealthy(deps, variant, running, signal)
      const writes = writesOf(state)
      await database.commit([
        writes.updateInstance(row.id, {
          state: 'Healthy',
          address: running.address,
          container_id: running.id,
          changed_at: clock.now(),
          detail: null,
        }),
        writes.announce(),
      ])
    } catch (error) {
      if (signal.aborted) throw error
      const reason = error instanceof HostingError ? error.reason : 'The instance could not be started.'
      await removeContainers(row.id)
      await markFailed(state, row, reason, row.failures + 1)
      throw error
    }
  }

  /** The container of an instance whose start was interrupted after it had been created. */
  async function adopt(row: EndpointInstanceRow, signal: AbortSignal) {
    const [found] = await containersOf(row.id, signal)
    if (found === undefined) return undefined
    if (found.running && found.address !== undefined) return { id: found.id, address: found.address }
    await runtime.removeContainer(found.id, 0, signal)
    return undefined
  }

  async function startNew(
    state: EndpointState,
    row: EndpointInstanceRow,
    variant: VariantSpec,
    container: ResolvedContainer,
    signal: AbortSignal,
  ) {
    const base = await prepared(state, variant, container, signal)
    const { key, endpoint } = state
    const identity = {
      id: row.id,
      endpointKey: formatEndpointKey(key),
      endpointName: endpoint.name,
      region: key.region,
    }
    const running = await startInstance(deps, identity, variant, container, base, signal)
    const writes = writesOf(state)
    const now = clock.now()
    const images = [{ SpecifiedImage: container.image, ResolvedImage: base.resolvedImage, ResolutionTime: now }]
    await database.commit([
      writes.updateInstance(row.id, {
        container_id: running.id,
        address: running.address,
        image_digest: base.resolvedImage,
        started_at: now,
      }),
      ...(pinnedImage(state, variant.name) === undefined
        ? [writes.updateVariant(variant.name, { deployed_images: JSON.stringify(images) })]
        : []),
      workQueue.enqueue(CONTAINER_LOGS_WORK, row.id),
    ])
    return running
  }

  async function markFailed(
    state: EndpointState,
    row: EndpointInstanceRow,
    detail: string,
    failures: number,
  ): Promise<void> {
    const writes = writesOf(state)
    await database.commit([
      writes.updateInstance(row.id, { state: 'Unhealthy', changed_at: clock.now(), detail, failures }),
      writes.announce(),
    ])
    deps.log.warn({ endpoint: formatEndpointKey(state.key), instance: row.id, detail, failures }, 'instance failed')
  }

  async function fail(state: EndpointState, id: string, detail: string): Promise<void> {
    const row = state.instances.find((instance) => instance.id === id)
    if (row === undefined) return
    const proven = clock.now() - row.changed_at > PROVEN_MILLISECONDS
    await markFailed(state, row, detail, proven ? 1 : row.failures + 1)
  }

  const containersOf = (id: string, signal: AbortSignal): Promise<readonly ContainerState[]> =>
    runtime.listContainers({ [LABELS.installation]: deps.policy.installation, [LABELS.instance]: id }, signal)

  /** Ends what runs of an instance that has failed, whether or not the work is being stopped. */
  async function removeContainers(id: string): Promise<void> {
    const signal = AbortSignal.timeout(60_000)
    for (const container of await containersOf(id, signal)) await runtime.removeContainer(container.id, 0, signal)
  }

  return {
    listContainers: (endpointKey: string, signal: AbortSignal): Promise<readonly ContainerState[]> =>
      runtime.listContainers(
        { [LABELS.installation]: deps.policy.installation, [LABELS.endpoint]: endpointKey },
        signal,
      ),

    /** Gives the instance its row first: a container is never started that nobody knows of. */
    async add(state: EndpointState, variant: string, id: string, failures: number, signal: AbortSignal): Promise<void> {
      const spec = state.spec.variants.find((candidate) => candidate.name === variant)
      const now = clock.now()
      const row: EndpointInstanceRow = {
        id,
        ...state.key,
        variant_name: variant,
        generation: state.endpoint.generation,
        state: 'Starting',
        container_id: null,
        address: null,
        image: spec?.containers[0]?.image ?? '',
        image_digest: null,
        created_at: now,
        started_at: null,
        changed_at: now,
        detail: null,
        failures,
        logged_until: null,
      }
      await database.commit([writesOf(state).addInstance(row)])
      await launch(state, row, signal)
    },

    start,
    fail,

    async check(state: EndpointState, id: string, signal: AbortSignal): Promise<void> {
      const address = state.instances.find((instance) => instance.id === id)?.address
      if (address == null) return fail(state, id, 'The container has no address.')
      let problem: string | undefined
      for (let attempt = 0; attempt < PINGS; attempt++) {
        if (attempt > 0) await wait(1_000, signal)
        problem = await ping(address, signal)
        signal.throwIfAborted()
        if (problem === undefined) return
      }
      await fail(state, id, `${problem} (${PINGS} times in a row).`)
    },

    /** Takes the instance out of the routes before its container is told to stop. */
    async remove(state: EndpointState, id: string, signal: AbortSignal): Promise<void> {
      const writes = writesOf(state)
      const row = state.instances.find((instance) => instance.id === id)
      if (row?.state === 'Healthy' || row?.state === 'Starting')
        await database.commit([
          writes.updateInstance(id, { state: 'Stopping', changed_at: clock.now() }),
          writes.announce(),
        ])
      for (const container of await containersOf(id, signal))
        await runtime.removeContainer(container.id, STOP_SECONDS, signal)
      await database.commit([writes.removeInstance(id), writes.announce()])
    },

    removeContainer: (id: string, signal: AbortSignal): Promise<void> =>
      runtime.removeContainer(id, STOP_SECONDS, signal),

    /** Ends containers of an endpoint that no longer exists. */
    async removeStrays(endpointKey: string, signal: AbortSignal): Promise<void> {
      if (runtime.name === 'none') return
      for (const container of await this.listContainers(endpointKey, signal))
        await this.removeContainer(container.id, signal)
    },
  }
}

/** `host/repository@sha256:…` as the first instances of the variant were started from. */
function pinnedImage(state: EndpointState, variant: string): string | undefined {
  const text = state.variants.find((row) => row.variant_name === variant)?.deployed_images
  if (text == null) return undefined
  return (JSON.parse(text) as { ResolvedImage?: string }[])[0]?.ResolvedImage
}
