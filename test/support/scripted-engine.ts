import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ContainerRuntime,
  type ContainerSpec,
  type ContainerState,
  RuntimeError,
} from '../../src/runtime/container-runtime.ts'
import { wait } from '../../src/shared/wait.ts'

/**
 * An engine in memory, shared by workers that can be killed between any two of their calls: what no real engine can be
 * made to show. Every container answers /ping with 200.
 */
export interface ScriptedEngine {
  readonly containers: ReadonlyMap<string, ContainerState>
  /** How many containers were ever started. */
  readonly started: number
  /** The engine as one worker sees it; `effect` is around each of its calls. */
  runtime(effect: <T>(name: string, call: () => Promise<T>) => Promise<T>): ContainerRuntime
  /** The container ends by itself. */
  end(id: string, exitCode: number): void
  stop(): void
}

export async function startScriptedEngine(): Promise<ScriptedEngine> {
  const containers = new Map<string, ContainerState>()
  const server: Server = createServer((_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  let started = 0

  const matching = (labels: Readonly<Record<string, string>>) =>
    [...containers.values()].filter((one) =>
      Object.entries(labels).every(([name, value]) => one.labels[name] === value),
    )
  const end = (id: string, exitCode: number) => {
    const found = containers.get(id)
    if (found !== undefined) containers.set(id, { ...found, running: false, address: undefined, exitCode })
  }
  const start = (spec: ContainerSpec) => {
    for (const { name } of containers.values())
      if (name === spec.name) throw new RuntimeError('conflict', `the name ${name} is in use`)
    const id = randomUUID()
    const { name, labels, image: imageId } = spec
    const startedAt = Date.now()
    containers.set(id, {
      ...{ id, name, labels, imageId, startedAt, address },
      running: true,
      exitCode: undefined,
      outOfMemory: false,
    })
    started++
    return { id, address }
  }

  const image = { id: 'sha256:1', repoDigests: [], labels: {}, architecture: 'amd64', sizeBytes: 1 }
  const runtime: ScriptedEngine['runtime'] = (effect) => ({
    name: 'docker',
    describe: () => Promise.reject(new Error('not used here')),
    findImage: () => effect('findImage', async () => undefined),
    pullImage: () => effect('pullImage', async () => image),
    startContainer: (spec) => effect('startContainer', async () => start(spec)),
    listContainers: (labels) => effect('listContainers', async () => matching(labels)),
    inspectContainer: (id) => effect('inspectContainer', async () => containers.get(id)),
    stopContainer: (id) => effect('stopContainer', async () => end(id, 0)),
    removeContainer: (id) =>
      effect('removeContainer', async () => {
        containers.delete(id)
      }),
    async *readLogs(id, _options, signal) {
      yield { stream: 'stdout', timestamp: BigInt(containers.get(id)?.startedAt ?? 0) * 1_000_000n, text: 'begun' }
      while (containers.get(id)?.running === true) await wait(5, signal)
    },
    async *watch() {},
    usage: async () => undefined,
    close: async () => {},
  })
  return {
    containers,
    get started() {
      return started
    },
    runtime,
    end,
    stop: () => server.close().closeAllConnections(),
  }
}
