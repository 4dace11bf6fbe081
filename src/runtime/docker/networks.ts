import type { NetworkAnswer } from './api-types.ts'
import { type Engine, INSTALLATION_LABEL } from './engine.ts'
import { EngineError } from './engine-client.ts'
import { objectPath } from './references.ts'

/**
 * The networks that containers run on.
 *
 * Docker: one for open containers and one for isolated ones, both without traffic between their containers. Podman has
 * no such switch inside a network, but networks that are cheap and cut off from each other: there each container gets
 * one of its own, named after it, which is removed with it.
 *
 * An `isolated` network leads nowhere outside this machine. Services that this machine offers on all its addresses stay
 * within reach of it: neither engine can prevent that without rules of its own in the machine's firewall.
 */
export interface Networks {
  /** The id of a network for a container of that name, made if need be. */
  acquire(kind: 'open' | 'isolated', container: string, signal: AbortSignal): Promise<string>
  /** To be told when a container could not be started on an acquired network, or is gone. */
  release(kindOrName: string, container: string, signal: AbortSignal): Promise<void>
  /** Forgets what it knows, because the engine says that a network is missing. */
  forget(): void
  /** Removes every network of this installation that has no containers. */
  removeAll(signal: AbortSignal): Promise<void>
}

const KIND_LABEL = 'io.slipway.runtime.network'
/** An unused network of Podman's older than this was left by a crash: no container is still being made for it. */
const ABANDONED_AFTER = 10 * 60_000

export const networkName = (installation: string, kind: 'open' | 'isolated'): string =>
  `slipway${installation === 'default' ? '' : `-${installation}`}${kind === 'isolated' ? '-isolated' : ''}`

export function createNetworks(engine: Engine): Networks {
  return engine.flavour === 'docker' ? sharedNetworks(engine) : ownNetworks(engine)
}

function sharedNetworks(engine: Engine): Networks {
  const known = new Map<string, Promise<string>>()
  return {
    acquire: async (kind, _container, signal) => {
      const name = networkName(engine.installation, kind)
      const present = known.get(kind)
      if (present !== undefined) return present
      // Not the caller's signal: others of this process wait for the same network.
      const made = ensureShared(engine, name, kind, AbortSignal.timeout(60_000))
      known.set(kind, made)
      made.catch(() => known.delete(kind))
      const id = await made
      signal.throwIfAborted()
      return id
    },
    release: async () => {},
    forget: () => known.clear(),
    removeAll: async (signal) => {
      known.clear()
      await removeUnused(engine, () => true, signal)
    },
  }
}

async function ensureShared(engine: Engine, name: string, kind: string, signal: AbortSignal): Promise<string> {
  const existing = await oldest(engine, name, signal)
  if (existing !== undefined) return existing.Id
  let created: string | undefined
  try {
    created = await createNetwork(engine, name, kind, signal)
  } catch (error) {
    if (!(error instanceof EngineError && error.status === 409)) throw error
  }
  // Docker does not keep two callers from making the same name at once; all settle on the oldest of them.
  const winner = await oldest(engine, name, signal)
  if (winner === undefined) throw new EngineError(404, `network ${name} not found`)
  if (created !== undefined && created !== winner.Id) await deleteNetwork(engine, created, signal)
  return winner.Id
}

async function oldest(engine: Engine, name: string, signal: AbortSignal): Promise<NetworkAnswer | undefined> {
  const all = (await listNetworks(engine, signal)).filter((network) => network.Name === name)
  const rank = (network: NetworkAnswer) => `${network.Created ?? ''} ${network.Id}`
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]
}

function ownNetworks(engine: Engine): Networks {
  const release = (_kind: string, container: string, signal: AbortSignal) =>
    deleteNetwork(engine, networkOf(container), signal)
  return {
    acquire: async (kind, container, signal) => {
      const name = networkOf(container)
      try {
        return await createNetwork(engine, name, kind, signal)
      } catch (error) {
        if (!(error instanceof EngineError && error.reason === 'conflict')) throw error
      }
      // Left by a crash before its container was made, unless the container is there: then its name is refused later.
      const [left] = (await listNetworks(engine, signal)).filter((network) => network.Name === name)
      if (left?.Labels?.[KIND_LABEL] === kind) return left.Id
      await deleteNetwork(engine, name, signal)
      return createNetwork(engine, name, kind, signal)
    },
    release,
    forget: () => {},
    removeAll: (signal) => removeUnused(engine, () => true, signal),
  }
}

const networkOf = (container: string): string => `${container}-net`

/** Removes what crashes have left behind; never a network that a container may still be coming to. */
export async function removeAbandonedNetworks(engine: Engine, now: number, signal: AbortSignal): Promise<void> {
  if (engine.flavour === 'docker') return
  await removeUnused(engine, (network) => now - Date.parse(network.Created ?? '') > ABANDONED_AFTER, signal)
}

async function createNetwork(engine: Engine, name: string, kind: string, signal: AbortSignal): Promise<string> {
  const options: Record<string, string> =
    engine.flavour === 'docker' ? { 'com.docker.network.bridge.enable_icc': 'false' } : { isolate: 'true' }
  const { Id } = await engine.client.json<{ Id: string }>('POST', '/networks/create', {
    signal,
    body: {
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      Internal: kind === 'isolated',
      EnableIPv6: false,
      Options: options,
      Labels: { [INSTALLATION_LABEL]: engine.installation, [KIND_LABEL]: kind },
    },
  })
  return Id
}

async function listNetworks(engine: Engine, signal: AbortSignal): Promise<NetworkAnswer[]> {
  const filters = JSON.stringify({ label: [`${INSTALLATION_LABEL}=${engine.installation}`] })
  return (await engine.client.json<NetworkAnswer[] | null>('GET', '/networks', { signal, query: { filters } })) ?? []
}

async function removeUnused(engine: Engine, wanted: (n: NetworkAnswer) => boolean, signal: AbortSignal): Promise<void> {
  for (const network of await listNetworks(engine, signal)) {
    if (wanted(network)) await deleteNetwork(engine, network.Id, signal)
  }
}

/** Both engines refuse to remove a network in use; that, and one that is gone already, is fine. */
async function deleteNetwork(engine: Engine, idOrName: string, signal: AbortSignal): Promise<void> {
  const answer = await engine.client.call('DELETE', `/networks/${objectPath(idOrName)}`, { signal })
  if (answer.status < 400 || answer.status === 404) return
  engine.log.debug({ network: idOrName, status: answer.status, answer: answer.text }, 'network not removed')
}
