import { randomBytes } from 'node:crypto'
import { pushImage } from '../../scripts/images/push-image.ts'
import type { EngineKind } from '../../scripts/machine/engine.ts'
import type { ContainerSpec, RunningContainer } from '../../src/runtime/container-runtime.ts'
import { connectDocker, type DockerRuntime } from '../../src/runtime/docker/connect-docker.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { type SharedEngine, sharedEngine } from '../support/shared-engine.ts'
import { buildTestImages, type TestImages } from '../support/test-image.ts'

/** A runtime on the run's engine under an installation of its own, and the test image already pulled. */
export interface RuntimeFixture {
  readonly engine: SharedEngine
  readonly installation: string
  readonly runtime: DockerRuntime
  readonly registry: Registry
  readonly images: TestImages
  /** Reference by digest of the pulled image. */
  readonly image: string
  /** A second worker's view of the same installation, or of another. */
  connect(installation?: string): Promise<DockerRuntime>
  /** A complete spec with a fresh name. */
  spec(changes?: Partial<ContainerSpec>): ContainerSpec
  /** Starts a container and waits until it answers /ping. */
  start(changes?: Partial<ContainerSpec>): Promise<RunningContainer>
  /** Removes every container of the installation. */
  clear(): Promise<void>
  stop(): Promise<void>
}

export const soon = (seconds = 60): AbortSignal => AbortSignal.timeout(seconds * 1000)

export async function startRuntime(kind: EngineKind): Promise<RuntimeFixture> {
  const engine = await sharedEngine(kind)
  const installation = `test-${randomBytes(4).toString('hex')}`
  const runtimes: DockerRuntime[] = []
  const connect = async (name = installation) => {
    const made = await connectDocker({ log: silentLogger, socket: engine.socket, installation: name, signal: soon() })
    runtimes.push(made)
    return made
  }
  const [images, registry, runtime] = await Promise.all([buildTestImages(), startRegistry({ auth: 'none' }), connect()])
  const image = await pushImage(images.image(), { url: registry.url, repository: 'team/model' })
  await runtime.pullImage({ reference: image }, soon())

  const spec = (changes: Partial<ContainerSpec> = {}): ContainerSpec => ({
    name: `${installation}-${randomBytes(4).toString('hex')}`,
    image,
    command: ['serve'],
    environment: {},
    labels: { purpose: 'test' },
    mounts: [],
    port: 8080,
    memoryBytes: 128 * 1024 * 1024,
    cpus: 1,
    pids: 100,
    network: 'open',
    addedCapabilities: [],
    ...changes,
  })
  const clear = async () => {
    const left = await runtime.listContainers({}, soon())
    await Promise.all(left.map((container) => runtime.removeContainer(container.id, 0, soon())))
  }
  return {
    engine,
    installation,
    runtime,
    registry,
    images,
    image,
    connect,
    spec,
    start: async (changes) => {
      const running = await runtime.startContainer(spec(changes), soon())
      await ping(running.address)
      return running
    },
    clear,
    stop: async () => {
      await clear()
      for (const made of runtimes) await made.removeNetworks(soon())
      for (const made of runtimes) await made.close()
      await Promise.all([registry.stop(), images.remove()])
    },
  }
}

/** Waits for a 200 from /ping. */
export async function ping(address: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`http://${address}/ping`)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`/ping answered ${answer.status}`)
  })
}

/** Has a test container obey commands (see test-image.ts) and returns what it answers. */
export async function command(address: string, commands: string): Promise<string> {
  const headers = { 'content-type': 'text/x-commands' }
  const answer = await fetch(`http://${address}/invocations`, { method: 'POST', body: commands, headers })
  return answer.text()
}
