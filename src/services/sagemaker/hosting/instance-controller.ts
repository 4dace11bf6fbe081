import { rootPrincipal } from '../../../access/principals.ts'
import type { WorkHandler, WorkOutcome, WorkQueue } from '../../../control/work-queue.ts'
import { type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { workForInstance } from '../../sagemaker-runtime/facade.ts'
import { type BringUpDeps, bringUp } from './bring-up.ts'
import { type ContainerLogsDeps, carryLogs, type LogCarrier, type LogWriter } from './container-logs.ts'
import { LABELS, positionOf } from './container-spec.ts'
import { type DrainDeps, drained } from './drain-instance.ts'
import type { InstanceState } from './endpoint-plan.ts'
import {
  containersOf,
  ENDPOINT_WORK,
  type EndpointState,
  endpointWrites,
  formatEndpointKey,
  loadEndpoint,
  specOf,
} from './endpoint-state.ts'
import { HostingError } from './hosting-error.ts'
import type { InstanceBells } from './instance-bells.ts'
import { keepHealthy } from './keep-healthy.ts'
import { type SampleUsageDeps, sampleUsage } from './sample-usage.ts'
import { watchInstance } from './watch-instance.ts'

export interface InstanceControllerDeps extends BringUpDeps, ContainerLogsDeps, DrainDeps, SampleUsageDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly clock: Clock
  readonly bells: InstanceBells
  readonly log: Logger
}

/** An instance with what it is an instance of. */
export interface Instance {
  readonly row: EndpointInstanceRow
  readonly state: EndpointState
}

/** SIGTERM, then this long until SIGKILL. Source: "Custom Inference Code with Hosting Services" (developer guide). */
const STOP_SECONDS = 30
/** An ended container's last lines are stored by then, or never. */
const LAST_LINES_MILLISECONDS = 5_000
/** An engine that is away is asked again this often. */
const ENGINE_AWAY_MILLISECONDS = 1_000
/** A role that is deleted and made again is taken anew by then; what it may do is asked for every batch of lines. */
const ROLE_MILLISECONDS = 60_000
const COMPLAINT_MILLISECONDS = 60_000
/** An instance that has answered for this long has proven itself: its place counts failures anew. */
const PROVEN_MILLISECONDS = 60_000

const DONE: WorkOutcome = { done: true }

/** The row has left the state that was being worked on: deleted, or taken over by another worker. */
class InstanceChanged extends Error {
  override readonly name = 'InstanceChanged'
}

/**
 * Looks after one instance: brings about what its row says, and writes into the row what became of it. One worker holds
 * the item for as long as the instance lives. Whichever has it next goes on from the row and the containers that carry
 * the instance's label, so a worker that is killed anywhere in between costs nothing but the time of its lease.
 */
export function createInstanceController(deps: InstanceControllerDeps): WorkHandler {
  return async (item, signal) => {
    let logs: LogCarrier | undefined
    try {
      for (;;) {
        signal.throwIfAborted()
        const instance = await loadInstance(deps.database, item.key)
        if (instance === undefined) {
          await endContainers(deps, item.key, logs, signal)
          return DONE
        }
        logs ??= carryLogs(deps, instance.row.id, logWriter(deps, instance))
        const outcome = await liveOn(deps, instance, logs, signal)
        if (outcome !== undefined) return outcome
      }
    } finally {
      await logs?.stop()
    }
  }
}

async function loadInstance(database: Database, id: string): Promise<Instance | undefined> {
  const row = await database.query.selectFrom('endpoint_instances').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  const { account, region, name_key } = row
  const state = await loadEndpoint(database, { account, region, name_key })
  return state === undefined ? undefined : { row, state }
}

/** Containers write as the model's execution role; those of a model that does without one, as its account. */
function logWriter({ iam }: InstanceControllerDeps, instance: Instance): LogWriter {
  const { row, state } = instance
  const variant = specOf(state, row.fleet)?.variants.find(({ name }) => name === row.variant_name)
  const role = variant?.executionRoleArn
  const assumed = (arn: string) => iam.assumeRoleForService(arn, 'sagemaker.amazonaws.com', 'SageMaker')
  return {
    target: (position) => ({
      account: row.account,
      region: row.region,
      group: `/aws/sagemaker/Endpoints/${state.endpoint.name}`,
      stream: streamOf(instance, position),
    }),
    principal:
      role !== undefined
        ? keepFor(ROLE_MILLISECONDS, () => assumed(role))
        : // Of a fleet that nothing is known of any more nobody knows the role either.
          async () => (variant === undefined ? undefined : rootPrincipal(row.account)),
  }
}

/**
 * A stream for each of several containers. Source: "Log groups and streams that Amazon SageMaker AI sends to Amazon CloudWatch Logs"
 * (developer guide).
 */
function streamOf({ row, state }: Instance, position: number): string {
  const stream = `${row.variant_name}/${row.id}`
  const containers = containersOf(state, row.id)
  return containers.length > 1 ? `${stream}/${containers[position]?.name}` : stream
}

/** What is found is good for so long; what is not found is looked for each time. */
function keepFor<Found>(
  milliseconds: number,
  find: () => Promise<Found | undefined>,
): () => Promise<Found | undefined> {
  let kept: { readonly found: Found; readonly until: number } | undefined
  return async () => {
    if (kept !== undefined && kept.until > performance.now()) return kept.found
    const found = await find()
    kept = found === undefined ? undefined : { found, until: performance.now() + milliseconds }
    return found
  }
}

/** Works on the instance's state until it is in another. Returns what is to become of the item, or undefined to go on. */
async function liveOn(
  deps: InstanceControllerDeps,
  instance: Instance,
  logs: LogCarrier,
  outer: AbortSignal,
): Promise<WorkOutcome | undefined> {
  const watch = watchInstance(deps, instance.row, outer)
  try {
    return await step(deps, instance, logs, watch.signal)
  } catch (error) {
    outer.throwIfAborted()
    if (watch.superseded || error instanceof InstanceChanged) return undefined
    if (!isEngineAway(error)) throw error
    complainOfEngine(deps, error)
    return { done: false, againInMilliseconds: ENGINE_AWAY_MILLISECONDS }
  } finally {
    watch.stop()
  }
}

let complainedAt = Number.NEGATIVE_INFINITY

/** Once in a while and not for each instance: an engine that is away is away for all of them. */
function complainOfEngine({ log }: InstanceControllerDeps, err: unknown): void {
  if (performance.now() - complainedAt < COMPLAINT_MILLISECONDS) return
  complainedAt = performance.now()
  log.warn({ err }, 'the container engine does not answer; instances are left as they are until it does')
}

/** Nothing is known then, so nothing is decided. */
const isEngineAway = (error: unknown): boolean => error instanceof RuntimeError && error.reason === 'unreachable'

async function step(
  deps: InstanceControllerDeps,
  instance: Instance,
  logs: LogCarrier,
  signal: AbortSignal,
): Promise<WorkOutcome | undefined> {
  switch (instance.row.state as InstanceState) {
    case 'Starting':
      await start(deps, instance, logs, signal)
      return undefined
    case 'Healthy':
      await keep(deps, instance, logs, signal)
      return undefined
    case 'Unhealthy':
    case 'Failed':
      // Its row stays: the endpoint's plan counts by it. But what still runs of it takes memory from its successor.
      await endContainers(deps, instance.row.id, logs, signal)
      return DONE
    case 'Stopping':
      await drained(deps, instance, signal)
      await endContainers(deps, instance.row.id, logs, signal)
      await deps.database.commit([
        ...endpointWrites(deps.database, deps.changeFeed, instance.state.key).removeInstance(instance.row.id),
        ...tellEndpoint(deps, instance),
      ])
      return DONE
  }
}

async function start(
  deps: InstanceControllerDeps,
  instance: Instance,
  logs: LogCarrier,
  signal: AbortSignal,
): Promise<void> {
  const { row, state } = instance
  try {
    const running = await bringUp(deps, state, row, logs, signal)
    const { updateContainer } = endpointWrites(deps.database, deps.changeFeed, state.key)
    const containers = running.map((values, position) => updateContainer(row.id, position, values))
    const asynchronous = specOf(state, row.fleet)?.asyncInferenceConfig !== undefined
    const further = asynchronous ? [workForInstance(deps.workQueue, formatEndpointKey(state.key), row.id)] : []
    await move(deps, instance, { state: 'Healthy', detail: null }, [...containers, ...further])
  } catch (error) {
    if (signal.aborted || error instanceof InstanceChanged || !(error instanceof HostingError)) throw error
    deps.log.debug({ err: error, instance: row.id }, 'instance not started')
    await moveToFailure(deps, instance, error.reason, row.failures + 1, error.transient)
  }
}

async function keep(
  deps: InstanceControllerDeps,
  instance: Instance,
  logs: LogCarrier,
  signal: AbortSignal,
): Promise<void> {
  const { row, state } = instance
  const containers = containersOf(state, row.id)
  for (const { container_id, position } of containers) if (container_id !== null) logs.follow(container_id, position)
  const bell = deps.bells.listen(row.id)
  const sampling = new AbortController()
  sampleUsage(deps, instance, AbortSignal.any([signal, sampling.signal])).catch((err: unknown) => {
    if (!signal.aborted && !sampling.signal.aborted) deps.log.warn({ err, instance: row.id }, 'its use is not sampled')
  })
  try {
    const end = await keepHealthy(deps.runtime, containers, bell, signal)
    if (end.kind === 'moved') {
      const { updateContainer } = endpointWrites(deps.database, deps.changeFeed, state.key)
      return await move(deps, instance, { detail: null }, [
        updateContainer(row.id, end.position, { address: end.address }),
      ])
    }
    const proven = deps.clock.now() - row.changed_at > PROVEN_MILLISECONDS
    await moveToFailure(deps, instance, end.detail, proven ? 1 : row.failures + 1, true)
  } finally {
    sampling.abort()
    bell.close()
  }
}

async function moveToFailure(
  deps: InstanceControllerDeps,
  instance: Instance,
  detail: string,
  failures: number,
  transient: boolean,
): Promise<void> {
  const state = transient ? 'Unhealthy' : 'Failed'
  await move(deps, instance, { state, detail, failures })
  const endpoint = formatEndpointKey(instance.state.key)
  deps.log.warn({ endpoint, instance: instance.row.id, detail, failures }, 'instance failed')
}

/** Writes the instance's new state, unless somebody else has moved it on meanwhile, and has its endpoint look at it. */
async function move(
  deps: InstanceControllerDeps,
  instance: Instance,
  values: Partial<EndpointInstanceRow> & { readonly state?: InstanceState },
  further: readonly Statement[] = [],
): Promise<void> {
  const { row, state } = instance
  const changed = values.state === undefined ? {} : { changed_at: deps.clock.now() }
  await deps.database.commit([
    endpointWrites(deps.database, deps.changeFeed, state.key).moveInstance(
      row.id,
      row.state,
      { ...values, ...changed },
      () => new InstanceChanged('the instance has changed'),
    ),
    ...further,
    ...tellEndpoint(deps, instance),
  ])
}

const tellEndpoint = (deps: InstanceControllerDeps, { state }: Instance): readonly Statement[] => [
  deps.workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(state.key)),
  endpointWrites(deps.database, deps.changeFeed, state.key).announce(),
]

/** Ends all containers that carry the instance's label, each after its last lines are stored. */
async function endContainers(
  { runtime, policy }: InstanceControllerDeps,
  id: string,
  logs: LogCarrier | undefined,
  signal: AbortSignal,
): Promise<void> {
  const labels = { [LABELS.installation]: policy.installation, [LABELS.instance]: id }
  const end = async ({ id: container, labels: own }: ContainerState) => {
    logs?.follow(container, positionOf(own))
    await runtime.stopContainer(container, STOP_SECONDS, signal)
    await logs?.drained(container, LAST_LINES_MILLISECONDS)
    await runtime.removeContainer(container, 0, signal)
  }
  await Promise.all((await runtime.listContainers(labels, signal)).map(end))
}
