import { type ContainerRuntime, type ContainerState, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { EndpointContainerRow } from '../../../storage/schema/endpoints.ts'
import type { Bell } from './instance-bells.ts'
import { givesUp, type PingProblem, ping } from './ping.ts'

/** A healthy instance is pinged this often; the end of its container is seen at once through the engine's events. */
const CHECK_MILLISECONDS = 5_000
/** After a failed ping, the next comes sooner. */
const DOUBT_MILLISECONDS = 1_000

/** Why a healthy instance is not what its rows say any more. */
export type HealthEnd =
  | { readonly kind: 'failed'; readonly detail: string }
  /** A container was restarted by somebody else, and has another address now. */
  | { readonly kind: 'moved'; readonly position: number; readonly address: string }

type ContainerRow = Pick<EndpointContainerRow, 'position' | 'name' | 'container_id' | 'address'>

/**
 * Pings the containers of a healthy instance for as long as all of them answer; one that does not takes the instance with
 * it. The engine is asked when something may have happened: at the beginning, when the bell rings, and before the instance
 * is given up. While the engine cannot answer, nothing is concluded.
 */
export async function keepHealthy(
  runtime: ContainerRuntime,
  containers: readonly ContainerRow[],
  bell: Bell,
  signal: AbortSignal,
): Promise<HealthEnd> {
  const watched = containers.map((row) => ({ row, problems: [] as PingProblem[] }))
  for (let ask = true; ; ) {
    const ends = await Promise.all(watched.map(({ row, problems }) => look(runtime, row, problems, ask, signal)))
    const end = ends.find((one) => one?.kind === 'failed') ?? ends.find((one) => one !== undefined)
    if (end !== undefined) return containers.length > 1 ? named(end) : end
    await Promise.all(
      watched.map(async ({ row, problems }) => {
        const problem = await ping(row.address ?? '', signal)
        if (problem === undefined) problems.length = 0
        else problems.push(problem)
      }),
    )
    signal.throwIfAborted()
    const sound = watched.every(({ problems }) => problems.length === 0)
    ask = await bell.wait(sound ? CHECK_MILLISECONDS : DOUBT_MILLISECONDS, signal)
  }
}

type ContainerEnd = HealthEnd & { readonly name: string }

/** Of several containers the reason says which. */
const named = (end: ContainerEnd): HealthEnd =>
  end.kind === 'failed' ? { kind: 'failed', detail: `${end.name}: ${end.detail}` } : end

/** What the engine has to say of one container, if there is reason to ask. */
async function look(
  runtime: ContainerRuntime,
  { name, position, container_id, address }: ContainerRow,
  problems: readonly PingProblem[],
  ask: boolean,
  signal: AbortSignal,
): Promise<ContainerEnd | undefined> {
  if (!ask && !givesUp(problems)) return undefined
  const found = await inspect(runtime, container_id ?? '', signal)
  if (found === 'engine is away') return undefined
  const end = compare(found, position, address)
  if (end !== undefined) return { ...end, name }
  const problem = problems.at(-1)
  if (problem === undefined || !givesUp(problems)) return undefined
  return { kind: 'failed', detail: `${problem.text} (${problems.length} times in a row).`, name }
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

function compare(found: ContainerState | undefined, position: number, address: string | null): HealthEnd | undefined {
  if (found === undefined) return { kind: 'failed', detail: 'The container is gone.' }
  if (!found.running) return { kind: 'failed', detail: endOf(found) }
  if (found.address === undefined || found.address === address) return undefined
  return { kind: 'moved', position, address: found.address }
}

/** How a container that no longer runs has ended, as a sentence. */
export function endOf({ outOfMemory, exitCode }: ContainerState): string {
  if (outOfMemory) return 'The container ran out of memory and was killed: choose a larger instance type.'
  return `The container ended with exit code ${exitCode ?? 'unknown'}.`
}
