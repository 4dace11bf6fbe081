import { homedir } from 'node:os'
import { RuntimeError } from '../container-runtime.ts'
import {
  type Candidate,
  candidateAddresses,
  type EngineAddress,
  formatAddress,
  parseAddress,
} from './engine-address.ts'
import { createEngineClient } from './engine-client.ts'

/** An engine that answered. */
export interface DetectedEngine {
  readonly address: EngineAddress
  readonly flavour: 'docker' | 'podman'
  /** The newest API version the engine speaks, such as `1.41`. */
  readonly apiVersion: string
}

export interface DetectOptions {
  /** `unix:///path`, `/path` or `tcp://127.0.0.1:port`; without it the usual places are tried. */
  readonly socket?: string | undefined
  readonly environment?: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

const PING_TIMEOUT = 2_000

/** Finds an engine that answers; throws RuntimeError `unreachable` saying what to do when there is none. */
export async function detectEngine(options: DetectOptions): Promise<DetectedEngine> {
  const environment = options.environment ?? process.env
  const candidates: Candidate[] =
    options.socket === undefined
      ? candidateAddresses(environment, homedir(), process.getuid?.() ?? 0)
      : [parseAddress(options.socket, environment)]
  const failures: RuntimeError[] = []
  // All at once, so that dead sockets cost one timeout together; the first in order wins.
  const attempts = candidates.map((candidate) => attempt(candidate, options.signal))
  for (const result of await Promise.all(attempts)) {
    if (!(result instanceof RuntimeError)) return result
    failures.push(result)
  }
  options.signal.throwIfAborted()
  const [only] = failures
  if (failures.length === 1 && only !== undefined) throw only
  const telling = failures.find((failure) => !isAbsent(failure))
  if (telling !== undefined) throw telling
  throw new RuntimeError(
    'unreachable',
    'No container engine answers: install Docker or Podman and start it, or set DOCKER_HOST to its socket.',
  )
}

async function attempt(candidate: Candidate, signal: AbortSignal): Promise<DetectedEngine | RuntimeError> {
  if (candidate.kind === 'unusable')
    return new RuntimeError('unreachable', `No usable container engine: ${candidate.why}.`)
  let client: ReturnType<typeof createEngineClient> | undefined
  try {
    client = createEngineClient(candidate, '')
    const { status, headers } = await client.call('GET', '/_ping', { signal, timeout: PING_TIMEOUT })
    const version = headers['api-version']
    if (status !== 200 || typeof version !== 'string') {
      return new RuntimeError('unreachable', `${formatAddress(candidate)} answers, but not as a container engine does.`)
    }
    const flavour = headers['libpod-api-version'] === undefined ? 'docker' : 'podman'
    return { address: candidate, flavour, apiVersion: version }
  } catch (error) {
    if (error instanceof RuntimeError) return error
    const why = error instanceof Error ? error.message : String(error)
    return new RuntimeError('unreachable', `No container engine at ${formatAddress(candidate)}: ${why}`, error)
  } finally {
    await client?.close()
  }
}

function isAbsent(error: RuntimeError): boolean {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR'
}

/** The oldest version that has everything needed: Docker 19.03. */
const OLDEST = '1.40'
/** The newest version whose answers are known; newer engines still speak it. */
const NEWEST = '1.47'

/** The API version to speak with an engine whose newest is `offered`. */
export function negotiateVersion(offered: string): string {
  if (!/^\d+\.\d+$/.test(offered)) {
    throw new RuntimeError('unreachable', `The container engine names an API version that is none: ${offered}.`)
  }
  if (compareVersions(offered, OLDEST) < 0) {
    throw new RuntimeError('unreachable', `The container engine is too old: API ${offered}, needed ${OLDEST} or newer.`)
  }
  return compareVersions(offered, NEWEST) > 0 ? NEWEST : offered
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
