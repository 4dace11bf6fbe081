import { type ContainerRuntime, type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { EndpointInstanceRow } from '../../../storage/schema/endpoints.ts'
import type { Bell } from './instance-bells.ts'
import { givesUp, type PingProblem, ping } from './ping.ts'

/** A healthy instance is pinged this often; the end of its container is seen at once through the engine's events. */
const CHECK_MILLISECONDS = 5_000
/** After a failed ping, the next comes sooner. */
const DOUBT_MILLISECONDS = 1_000

/** Why a healthy instance is not what its row says any more. */
export type HealthEnd =
  | { readonly kind: 'failed'; readonly detail: string }
  /** Its container was restarted by somebody else, and has another address now. */
  | { readonly kind: 'moved'; readonly address: string }

/**
 * Pings a healthy instance for as long as it answers. The engine is asked when something may have happened: at the
 * beginning, when the bell rings, and before the instance is given up. While the engine cannot answer, nothing is
 * concluded.
 */
export async function keepHealthy(
  runtime: ContainerRuntime,
  row: EndpointInstanceRow,
  bell: Bell,
  signal: AbortSignal,
): Promise<HealthEnd> {
  const problems: PingProblem[] = []
  for (let ask = true; ; ) {
    if (ask || givesUp(problems)) {
      const found = await inspect(runtime, row.container_id ?? '', signal)
      if (found !== 'engine is away') {
        const end = compare(found, row.address)
        if (end !== undefined) return end
        const problem = problems.at(-1)
        if (problem !== undefined && givesUp(problems))
          return { kind: 'failed', detail: `${problem.text} (${problems.length} times in a row).` }
      }
    }
    const problem = await ping(row.address ?? '', signal)
    signal.throwIfAborted()
    if (problem === undefined) problems.length = 0
    else problems.push(problem)
    ask = await bell.wait(problems.length === 0 ? CHECK_MILLISECONDS : DOUBT_MILLISECONDS, signal)
  }
}

async function inspect(
  runtime: ContainerRuntime,
  container: string,
  signal: AbortSignal,
): Promise<ContainerState | undefined | 'engine is away'> {
  try {
    return await runtime.inspectContainer(container, signal)
  } catch (error) {
    if (error instanceof RuntimeError && error.reason === 'unreachable') return 'engine is away'
    throw error
  }
}

function compare(found: ContainerState | undefined, address: string | null): HealthEnd | undefined {
  if (found === undefined) return { kind: 'failed', detail: 'The container is gone.' }
  if (!found.running) return { kind: 'failed', detail: endOf(found) }
  if (found.address === undefined || found.address === address) return undefined
  return { kind: 'moved', address: found.address }
}

/** How a container that no longer runs has ended, as a sentence. */
export function endOf({ outOfMemory, exitCode }: ContainerState): string {
  if (outOfMemory) return 'The container ran out of memory and was killed: choose a larger instance type.'
  return `The container ended with exit code ${exitCode ?? 'unknown'}.`
}
