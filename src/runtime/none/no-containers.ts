import { arch, availableParallelism, type as operatingSystem, totalmem } from 'node:os'
import { type ContainerRuntime, RuntimeError } from '../container-runtime.ts'

/** The runtime of `--runtime none`: everything but containers. What would run one says that none runs. */
export function createNoContainers(): ContainerRuntime {
  const refuse = async (): Promise<never> => {
    throw new RuntimeError('no-containers', 'No container runs: Slipway was started with --runtime none.')
  }
  return {
    name: 'none',
    describe: async () => ({
      version: '',
      apiVersion: '',
      socket: '',
      operatingSystem: operatingSystem(),
      architecture: arch(),
      cpus: availableParallelism(),
      memoryBytes: totalmem(),
    }),
    findImage: async () => undefined,
    pullImage: refuse,
    startContainer: refuse,
    listContainers: async () => [],
    inspectContainer: async () => undefined,
    stopContainer: async () => {},
    removeContainer: async () => {},
    readLogs: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
    watch: (_labels, signal) => nothingUntil(signal),
    usage: async () => undefined,
    close: async () => {},
  }
}

async function* nothingUntil(signal: AbortSignal): AsyncGenerator<never> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
