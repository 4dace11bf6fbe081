import type { Config } from '../../config/schema.ts'
import { connectDocker } from '../../runtime/docker/connect-docker.ts'
import { silentLogger } from '../../telemetry/log.ts'
import type { RunningServer } from '../running-server.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const GIB = 1024 ** 3

/** The container engine: does one answer, and what can it give. A server may have one that its variables alone name. */
export async function checkEngine({ runtime }: Config, server: RunningServer | undefined): Promise<Finding> {
  if (runtime === 'none' || server?.runtime === 'none')
    return warning('container engine', 'not used', 'endpoints run no containers with the runtime none')
  if (server?.engine === 'away')
    return problem(
      'container engine',
      "the running server's does not answer, so instances wait for it",
      'start Docker or Podman; the log of the server says where it looks',
    )
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
    if (server !== undefined) return ok('container engine', `the running server has one of its own (${server.runtime})`)
    return problem('container engine', (error as Error).message, 'start Docker or Podman, or serve with --runtime none')
  }
}
