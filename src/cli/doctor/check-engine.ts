import type { Config } from '../../config/schema.ts'
import { connectDocker } from '../../runtime/docker/connect-docker.ts'
import { silentLogger } from '../../telemetry/log.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const GIB = 1024 ** 3

/** The container engine: does one answer, and what can it give. */
export async function checkEngine({ runtime }: Config): Promise<Finding> {
  if (runtime === 'none')
    return warning('container engine', 'not used', 'endpoints run no containers with the runtime none')
  const signal = AbortSignal.timeout(10_000)
  try {
    const engine = await connectDocker({ log: silentLogger, signal })
    try {
      const { version, socket, cpus, memoryBytes } = await engine.describe(signal)
      return ok(
        'container engine',
        `${engine.name} ${version} at ${socket}, ${cpus} CPUs, ${(memoryBytes / GIB).toFixed(1)} GiB`,
      )
    } finally {
      await engine.close()
    }
  } catch (error) {
    return problem('container engine', (error as Error).message, 'start Docker or Podman, or serve with --runtime none')
  }
}
