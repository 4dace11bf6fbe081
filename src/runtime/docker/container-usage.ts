import type { ContainerUsage } from '../container-runtime.ts'
import type { StatsAnswer } from './api-types.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engine-client.ts'
import { objectPath } from './references.ts'

/** One look at what a container uses. `one-shot` keeps Docker from taking a second look a second later. */
export async function containerUsage(
  engine: Engine,
  id: string,
  signal: AbortSignal,
): Promise<ContainerUsage | undefined> {
  const query = { stream: 'false', 'one-shot': 'true' }
  try {
    const path = `/containers/${objectPath(id)}/stats`
    return readUsage(await engine.client.json<StatsAnswer | undefined>('GET', path, { signal, query }))
  } catch (error) {
    // Gone, stopped, or (Podman without control groups) nothing that can be told.
    if (error instanceof EngineError) return undefined
    throw error
  }
}

/** Both generations of control groups have their own name for what the kernel would give away. */
export function readUsage(answer: StatsAnswer | undefined): ContainerUsage | undefined {
  const cpuNanoseconds = answer?.cpu_stats?.cpu_usage?.total_usage
  const memory = answer?.memory_stats
  // A container that does not run is answered with zeros, or with nothing.
  if (cpuNanoseconds === undefined || !memory?.usage || !memory.limit) return undefined
  const cached = memory.stats?.inactive_file ?? memory.stats?.total_inactive_file ?? 0
  return {
    cpuNanoseconds,
    memoryBytes: Math.max(0, memory.usage - cached),
    memoryLimitBytes: memory.limit,
  }
}
