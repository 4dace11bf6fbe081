import { hostname, release } from 'node:os'
import type { Logger } from '../../telemetry/log.ts'
import { type ContainerRuntime, type EngineDescription, RuntimeError } from '../container-runtime.ts'
import type { InfoAnswer, VersionAnswer } from './api-types.ts'
import { containerUsage } from './container-usage.ts'
import { inspectContainer, listContainers, removeContainer, startContainer, stopContainer } from './containers.ts'
import { detectEngine, negotiateVersion } from './detect-socket.ts'
import type { Engine } from './engine.ts'
import { type EngineAddress, formatAddress } from './engine-address.ts'
import { createEngineClient } from './engine-client.ts'
import { findImage, pullImage } from './images.ts'
import { createNetworks, removeAbandonedNetworks } from './networks.ts'
import { readLogs } from './read-logs.ts'
import { watchEvents } from './watch-events.ts'

export interface DockerOptions {
  readonly log: Logger
  readonly signal: AbortSignal
  /** `unix:///path`, `/path` or `tcp://127.0.0.1:port`; without it DOCKER_HOST and the usual sockets are tried. */
  readonly socket?: string
  /** Names this Slipway among others that use the same engine. Default `default`. */
  readonly installation?: string
}

/** What is decided once about an engine. JSON can carry it to whoever cannot ask, because the engine is away. */
export interface KnownEngine extends Pick<Engine, 'flavour' | 'reach' | 'cpus'> {
  readonly address: EngineAddress
  readonly apiVersion: string
}

/** The runtime of an engine with networks that can be given back. */
export interface DockerRuntime extends ContainerRuntime {
  readonly name: 'docker' | 'podman'
  readonly known: KnownEngine
  /** Resolves when the engine answers at this moment; it costs next to nothing. */
  answers(signal: AbortSignal): Promise<void>
  /** Removes this installation's networks, for when no container of it is left. */
  removeNetworks(signal: AbortSignal): Promise<void>
}

/**
 * Connects to Docker, or to Podman's Docker-compatible service. Throws RuntimeError `unreachable`, with a sentence on
 * what to do, when no engine answers.
 */
export async function connectDocker(options: DockerOptions): Promise<DockerRuntime> {
  const installation = options.installation ?? 'default'
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(installation)) {
    throw new Error(
      `installation: ${JSON.stringify(installation)} is not 1 to 40 lower-case letters, digits and hyphens`,
    )
  }
  const { log, signal } = options
  const { address, flavour, apiVersion } = await detectEngine({ socket: options.socket, signal })
  const version = negotiateVersion(apiVersion)
  const client = createEngineClient(address, `/v${version}`)
  try {
    const info = await client.json<InfoAnswer>('GET', '/info', { signal })
    const reach = decideReach(address, info, { platform: process.platform, kernel: release(), hostname: hostname() })
    const engine: Engine = { client, flavour, log, installation, reach, cpus: info.NCPU ?? Number.MAX_SAFE_INTEGER }
    await removeAbandonedNetworks(engine, Date.now(), signal)
    log.debug({ engine: flavour, socket: formatAddress(address), apiVersion: version, reach }, 'container engine found')
    return assemble(engine, address, version)
  } catch (error) {
    await client.close()
    throw error
  }
}

/** The runtime of an engine that another has connected to. Nothing is asked: the engine may be away. */
export function resumeDocker(
  { log, installation }: { readonly log: Logger; readonly installation: string },
  { address, apiVersion, flavour, reach, cpus }: KnownEngine,
): DockerRuntime {
  const client = createEngineClient(address, `/v${apiVersion}`)
  return assemble({ client, flavour, log, installation, reach, cpus }, address, apiVersion)
}

function assemble(engine: Engine, address: EngineAddress, apiVersion: string): DockerRuntime {
  const { flavour, reach, cpus } = engine
  const networks = createNetworks(engine)
  const open = new AbortController()
  const withClose = (signal: AbortSignal) => AbortSignal.any([signal, open.signal])
  return {
    name: flavour,
    known: { address, apiVersion, flavour, reach, cpus },
    answers: async (signal) => {
      const { status } = await engine.client.call('GET', '/_ping', { signal })
      if (status >= 400) throw new RuntimeError('unreachable', `The container engine answers with status ${status}.`)
    },
    describe: (signal) => describe(engine, apiVersion, signal),
    findImage: (reference, signal) => findImage(engine, reference, signal),
    pullImage: (request, signal) => pullImage(engine, request, signal),
    startContainer: (spec, signal) => startContainer(engine, networks, spec, signal),
    listContainers: (labels, signal) => listContainers(engine, labels, signal),
    inspectContainer: (id, signal) => inspectContainer(engine, id, signal),
    stopContainer: (id, graceSeconds, signal) => stopContainer(engine, id, graceSeconds, signal),
    removeContainer: (id, graceSeconds, signal) => removeContainer(engine, networks, id, graceSeconds, signal),
    readLogs: (id, logOptions, signal) => readLogs(engine, id, logOptions, signal),
    watch: (labels, signal) => watchEvents(engine, labels, withClose(signal)),
    usage: (id, signal) => containerUsage(engine, id, signal),
    removeNetworks: (signal) => networks.removeAll(signal),
    close: async () => {
      open.abort()
      await engine.client.close()
    },
  }
}

async function describe(engine: Engine, apiVersion: string, signal: AbortSignal): Promise<EngineDescription> {
  const [version, info] = await Promise.all([
    engine.client.json<VersionAnswer>('GET', '/version', { signal }),
    engine.client.json<InfoAnswer>('GET', '/info', { signal }),
  ])
  return {
    version: version.Version ?? '',
    apiVersion,
    socket: formatAddress(engine.client.address),
    operatingSystem: info.OperatingSystem ?? '',
    architecture: imageArchitecture(info.Architecture ?? ''),
    cpus: info.NCPU ?? 0,
    memoryBytes: info.MemTotal ?? 0,
  }
}

/** Docker names the machine as the kernel does, Podman (and every image) as Go does. */
const imageArchitecture = (name: string): string => ({ x86_64: 'amd64', aarch64: 'arm64' })[name] ?? name

/** Only an engine of root, on Linux, on this very machine, gives its containers addresses that this machine can reach. */
export function decideReach(
  address: EngineAddress,
  info: InfoAnswer,
  host: { readonly platform: string; readonly kernel: string; readonly hostname: string },
): Engine['reach'] {
  const rootless = (info.SecurityOptions ?? []).some((option) => /\bname=rootless\b|^rootless$/.test(option))
  const desktop = /docker desktop/i.test(info.OperatingSystem ?? '')
  const here = info.KernelVersion === host.kernel && info.Name === host.hostname
  return address.kind === 'unix' && host.platform === 'linux' && here && !rootless && !desktop ? 'direct' : 'loopback'
}
