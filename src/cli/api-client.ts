import type { Config } from '../config/schema.ts'
import { signRequest } from '../wire/sigv4/sign.ts'
import { CommandError } from './command.ts'
import { rootCredentials, serverUrl } from './installation.ts'

/** What the server answered instead of doing what was asked. */
export class ApiError extends CommandError {
  override readonly name = 'ApiError'
  /** As in `ResourceNotFoundException`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Calls an operation of a JSON service of the running server, signed as the account's root. */
export type CallApi = (target: string, input: unknown) => Promise<Record<string, unknown>>

/** A client of the server that runs on the configured data directory. */
export async function apiClient(config: Config, portGiven: boolean, service: string): Promise<CallApi> {
  const url = serverUrl(config, portGiven)
  const credentials = await rootCredentials(config)
  return async (target, input) => {
    const body = Buffer.from(JSON.stringify(input))
    const headers = { host: new URL(url).host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
    const request = { method: 'POST', target: '/', headers }
    const signed = signRequest(request, body, { credentials, region: config.region, service, now: Date.now() })
    let response: Response
    try {
      response = await fetch(url, { method: 'POST', headers: signed, body })
    } catch {
      throw new CommandError(
        `no server answers at ${url}; start one with 'slipway serve', or name its port with --port`,
      )
    }
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) {
      const message = answer.message ?? answer.Message ?? `the server answered ${response.status}`
      throw new ApiError(String(answer.__type).replace(/^.*#/, ''), String(message))
    }
    return answer
  }
}
