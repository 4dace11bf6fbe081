import { detectEngine } from '../../src/runtime/docker/detect-socket.ts'
import { formatAddress } from '../../src/runtime/docker/engine-address.ts'
import { canStartOwnEngine, type EngineKind, startEngine } from './engine.ts'

/** An engine to run containers on. */
export interface UsableEngine {
  readonly kind: EngineKind
  /** For DOCKER_HOST. */
  readonly socket: string
  /** False when it is the machine's own. */
  readonly ours: boolean
  /** Stops the engine if it is ours, with all that it runs. */
  stop(): Promise<void>
}

/** The engine of this machine that answers; undefined when none does. Throws when the one that DOCKER_HOST names does not. */
async function machineEngine(): Promise<UsableEngine | undefined> {
  try {
    const { flavour, address } = await detectEngine({ signal: AbortSignal.timeout(10_000) })
    return { kind: flavour, socket: formatAddress(address), ours: false, stop: async () => {} }
  } catch (error) {
    if (process.env.DOCKER_HOST || process.env.CONTAINER_HOST) throw error
    return undefined
  }
}

/** The machine's engine, or else one of our own that lives until `stop`; undefined when neither is possible. */
export async function anyEngine(): Promise<UsableEngine | undefined> {
  const present = await machineEngine()
  if (present !== undefined) return present
  const kind = (['docker', 'podman'] as const).find(canStartOwnEngine)
  return kind === undefined ? undefined : startEngine(kind, { ours: true })
}
