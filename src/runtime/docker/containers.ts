import { randomUUID } from 'node:crypto'
import { access } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { wait } from '../../shared/wait.ts'
import { type ContainerSpec, type ContainerState, type RunningContainer, RuntimeError } from '../container-runtime.ts'
import type { ContainerAnswer, ContainerListItem } from './api-types.ts'
import { ATTEMPT_LABEL, containerRequest } from './container-request.ts'
import { containerState } from './container-state.ts'
import { type Engine, INSTALLATION_LABEL } from './engine.ts'
import { EngineError } from './engine-client.ts'
import type { Networks } from './networks.ts'
import { imagePath, objectPath } from './references.ts'

/** Ten containers at once on two cores take seconds; an engine that needs longer than this is stuck. */
const START_TIMEOUT = 120_000
/** On top of the grace, for the engine's own work of stopping and removing. */
const STOP_SLACK = 30_000

/** Creates and starts a container; when that fails for whatever reason, none is left behind. */
export async function startContainer(
  engine: Engine,
  networks: Networks,
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<RunningContainer> {
  objectPath(spec.name)
  imagePath(spec.image)
  if (spec.network === 'isolated' && engine.reach === 'loopback') {
    throw new RuntimeError(
      'unsupported',
      'This container engine cannot isolate a container from the network: that takes Docker or Podman run by root on Linux.',
    )
  }
  await requireSources(spec)
  const attempt = randomUUID()
  try {
    try {
      return await createAndStart(engine, networks, spec, attempt, signal)
    } catch (error) {
      if (!isMissingNetwork(error)) throw error
      // Somebody removed the network that we remembered.
      networks.forget()
      await discard(engine, spec.name, attempt)
      return await createAndStart(engine, networks, spec, attempt, signal)
    }
  } catch (error) {
    await tidyUp(engine, networks, spec, attempt, error)
    throw error
  }
}

/** Podman would make a directory of what is missing, and the model would be empty. */
async function requireSources(spec: ContainerSpec): Promise<void> {
  for (const { source } of spec.mounts) {
    await access(source).catch((error: unknown) => {
      throw new RuntimeError('other', `${source}, which is to be mounted at the container, cannot be read.`, error)
    })
  }
}

async function createAndStart(
  engine: Engine,
  networks: Networks,
  spec: ContainerSpec,
  attempt: string,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const network = await networks.acquire(spec.network, spec.name, signal)
  // Not the caller's signal: an engine goes on with what it was asked for, so a request that is hung up on would make a
  // container after everything had been tidied up.
  const ownTime = AbortSignal.timeout(START_TIMEOUT)
  const { Id: id } = await engine.client.json<{ Id: string }>('POST', '/containers/create', {
    signal: ownTime,
    query: { name: spec.name },
    body: containerRequest(spec, engine, network, attempt),
    timeout: START_TIMEOUT,
  })
  signal.throwIfAborted()
  const path = `/containers/${objectPath(id)}/start`
  await engine.client.json('POST', path, { signal: ownTime, timeout: START_TIMEOUT })
  signal.throwIfAborted()
  return { id, address: await addressOf(engine, id, signal) }
}

/** Podman may need a moment to tell the address of what it has just started. */
const ADDRESS_PATIENCE = 2_000

/** Where a started container is reached. */
async function addressOf(engine: Engine, id: string, signal: AbortSignal): Promise<string> {
  for (const deadline = performance.now() + ADDRESS_PATIENCE; ; await wait(20, signal)) {
    const answer = await inspect(engine, id, signal)
    const state = answer && containerState(answer)
    if (state?.address !== undefined) return state.address
    // It may have ended already. The caller finds that out as with any other end, and can still read its code and its logs.
    if (state === undefined || state.exitCode !== undefined || performance.now() > deadline) return NOWHERE
  }
}

/** What nothing ever listens on. */
const NOWHERE = '127.0.0.1:0'

const isMissingNetwork = (error: unknown): boolean =>
  error instanceof EngineError && error.status === 404 && /network/i.test(error.message)

async function tidyUp(engine: Engine, networks: Networks, spec: ContainerSpec, attempt: string, cause: unknown) {
  try {
    await discard(engine, spec.name, attempt)
    // With a name that is taken, the network is that of the container which has it.
    const taken = cause instanceof RuntimeError && cause.reason === 'conflict'
    if (!taken) await networks.release(spec.network, spec.name, AbortSignal.timeout(STOP_SLACK))
  } catch (error) {
    engine.log.warn(
      { container: spec.name, err: error },
      'a container that could not be started is perhaps left behind',
    )
  }
}

/** Removes the container of that name if it is the one of this attempt. Has its own time: the caller's may be over. */
async function discard(engine: Engine, name: string, attempt: string): Promise<void> {
  const signal = AbortSignal.timeout(STOP_SLACK)
  const answer = await inspect(engine, name, signal)
  if (answer?.Config?.Labels?.[ATTEMPT_LABEL] !== attempt) return
  await stop(engine, answer.Id, 0, signal)
  await remove(engine, answer.Id, signal)
}

/** SIGTERM, grace, SIGKILL; every state the container may already be in is fine. */
export async function stopContainer(
  engine: Engine,
  id: string,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await inspect(engine, id, signal)
  if (answer !== undefined && answer.State?.Running !== false) await stop(engine, answer.Id, graceSeconds, signal)
}

/** SIGTERM, grace, SIGKILL, gone; every state the container may already be in is fine. */
export async function removeContainer(
  engine: Engine,
  networks: Networks,
  id: string,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const answer = await inspect(engine, id, signal)
  if (answer === undefined) return
  if (answer.State?.Running !== false) await stop(engine, answer.Id, graceSeconds, signal)
  await remove(engine, answer.Id, signal)
  await networks.release('', (answer.Name ?? '').replace(/^\//, ''), signal)
}

async function stop(engine: Engine, id: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
  const t = String(Math.max(0, Math.ceil(graceSeconds)))
  const timeout = graceSeconds * 1000 + STOP_SLACK
  const answer = await engine.client.call('POST', `/containers/${id}/stop`, { signal, query: { t }, timeout })
  if (answer.status < 400 || answer.status === 404) return
  // Not running any more, being removed by another, or truly stuck: the removal by force that follows will tell.
  engine.log.debug({ container: id, status: answer.status, answer: answer.text }, 'container not stopped')
}

async function remove(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + STOP_SLACK
  for (;;) {
    const query = { force: 'true', v: 'true' }
    const answer = await engine.client.call('DELETE', `/containers/${id}`, { signal, query, timeout: STOP_SLACK })
    if (answer.status < 400 || answer.status === 404) return
    if (performance.now() > deadline)
      throw new EngineError(answer.status, `container not removed: ${answer.text.trim()}`)
    // 409: another caller is removing it at this moment; 500: the engine trips over its own clean-up. Look again.
    await delay(100, undefined, { signal })
  }
}

async function inspect(engine: Engine, id: string, signal: AbortSignal): Promise<ContainerAnswer | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.client.json<ContainerAnswer>('GET', `/containers/${objectPath(id)}/json`, { signal })
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      if (error.status === 404) return undefined
      // Podman stumbles over a container that ends while it looks: `read /proc/…/cgroup: no such process`.
      if (error.status < 500 || attempt === 5) throw error
      await delay(50 * attempt, undefined, { signal })
    }
  }
}

export async function inspectContainer(engine: Engine, id: string, signal: AbortSignal) {
  const answer = await inspect(engine, id, signal)
  return answer?.Config?.Labels?.[INSTALLATION_LABEL] === engine.installation ? containerState(answer) : undefined
}

/** The engine's list lacks exit codes, so each container is inspected, a few at a time. */
export async function listContainers(
  engine: Engine,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ContainerState[]> {
  const query = { all: 'true', filters: labelFilters(engine, labels) }
  const items =
    (await engine.client.json<ContainerListItem[] | null>('GET', '/containers/json', { signal, query })) ?? []
  const states: (ContainerState | undefined)[] = []
  for (let i = 0; i < items.length; i += 8) {
    const some = items.slice(i, i + 8).map((item) => inspectContainer(engine, item.Id, signal))
    states.push(...(await Promise.all(some)))
  }
  return states.filter((state) => state !== undefined)
}

/** The engine's `filters` for this installation's containers with those labels, and perhaps more conditions. */
export function labelFilters(
  engine: Pick<Engine, 'installation'>,
  labels: Readonly<Record<string, string>>,
  more: Readonly<Record<string, readonly string[]>> = {},
): string {
  const all = { ...labels, [INSTALLATION_LABEL]: engine.installation }
  return JSON.stringify({ ...more, label: Object.entries(all).map(([name, value]) => `${name}=${value}`) })
}
