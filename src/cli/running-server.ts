import type { Config } from '../config/schema.ts'
import { serverUrl } from './installation.ts'

/** What a server says of itself. */
export interface RunningServer {
  readonly url: string
  readonly status: string
  readonly version: string
  readonly runtime: string
  /** Whether its container engine answers; undefined when it does without. */
  readonly engine: 'ok' | 'away' | undefined
}

/** The server of this data directory, or on the port that is named; undefined when none answers there. */
export async function findRunningServer(config: Config, portGiven: boolean): Promise<RunningServer | undefined> {
  const url = serverUrl(config, portGiven)
  try {
    const response = await fetch(`${url}/_slipway/health`, { signal: AbortSignal.timeout(2_000) })
    const { status, version, runtime, engine } = (await response.json()) as Partial<RunningServer>
    if (status === undefined || version === undefined || runtime === undefined) return undefined
    return { url, status, version, runtime, engine }
  } catch {
    return undefined
  }
}
