import { signRequest } from '../../src/wire/sigv4/sign.ts'
import type { Slipway } from './slipway.ts'

/** Where a server is, and as whom it is called. */
export interface Caller extends Pick<Slipway, 'url' | 'region' | 'accessKeyId' | 'secretAccessKey'> {
  readonly sessionToken?: string
}

/** What a raw call came back with. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of the body; undefined when it is none. */
  readonly json: Record<string, unknown> | undefined
}

export interface RawRequest {
  readonly method?: string
  /** Path and query, percent-encoded. */
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Sends a signed request made by hand: for what clients cannot be made to send. */
export async function rawCall(server: Caller, service: string, request: RawRequest): Promise<ApiAnswer> {
  const { method = 'POST', target = '/', headers = {}, body = '' } = request
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const { accessKeyId, secretAccessKey, sessionToken, region, url } = server
  const signed = signRequest({ method, target, headers: { host: new URL(url).host, ...headers } }, bytes, {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region,
    service,
    now: Date.now(),
  })
  const bodyless = method === 'GET' || method === 'HEAD'
  const response = await fetch(`${url}${target}`, { method, headers: signed, ...(bodyless ? {} : { body: bytes }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

/** Calls an operation of a JSON service and returns its answer; rejects when it is refused. */
export async function apiCall(
  server: Caller,
  service: string,
  target: string,
  input: object,
): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const answer = await rawCall(server, service, { headers, body: JSON.stringify(input) })
  if (answer.status !== 200) throw new Error(`${target}: ${answer.status} ${answer.text}`)
  return answer.json ?? {}
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
