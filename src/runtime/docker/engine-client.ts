import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, errors } from 'undici'
import { RuntimeError } from '../container-runtime.ts'
import { classifyError } from './classify-error.ts'
import { type EngineAddress, formatAddress } from './engine-address.ts'
import { EnginePulse } from './engine-pulse.ts'

/** An answer of the engine that is an error; `reason` comes from its text. */
export class EngineError extends RuntimeError {
  readonly status: number
  constructor(status: number, message: string) {
    super(classifyError(status, message), message)
    this.name = 'EngineError'
    this.status = status
  }
}

export type Method = 'GET' | 'POST' | 'DELETE'

export interface CallOptions {
  readonly signal: AbortSignal
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds the engine may take to begin its answer, and to pause within it. Default 30 s. */
  readonly timeout?: number
}

export interface EngineAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Requests to one engine. Every call is bounded in time; what `open` answers goes on for as long as the engine lives (EnginePulse). */
export interface EngineClient {
  readonly address: EngineAddress
  /** The answer's JSON; throws EngineError for a status of 400 or more, RuntimeError `unreachable` without an answer. */
  json<T>(method: Method, path: string, options: CallOptions): Promise<T>
  /** The whole answer, errors included as values. */
  call(method: Method, path: string, options: CallOptions): Promise<EngineAnswer>
  /** The answer's body as it arrives; throws as `json` does. Destroying it, or aborting, frees the connection. */
  open(method: Method, path: string, options: CallOptions): Promise<Readable>
  close(): Promise<void>
}

const QUICK = 30_000
const CONNECT = 3_000
/** For the least that an engine can be asked. */
const PULSE = 15_000
/** No answer that is read whole comes near this; it only keeps a broken engine from filling the memory. */
const LONGEST_ANSWER = 64 * 1024 * 1024

/** `prefix` is the API version's path, such as `/v1.41`, or nothing. */
export function createEngineClient(address: EngineAddress, prefix: string): EngineClient {
  const agent = new Agent({ connect: connectOptions(address), keepAliveTimeout: 4_000, maxHeaderSize: 64 * 1024 })
  const origin = address.kind === 'unix' ? 'http://engine' : address.origin

  async function request(method: Method, path: string, options: CallOptions, bodyTimeout: number) {
    options.signal.throwIfAborted()
    const { body, query = {}, timeout = QUICK } = options
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
    const headers: Record<string, string> = { ...options.headers }
    if (body !== undefined) headers['content-type'] = 'application/json'
    try {
      return await agent.request({
        origin,
        method,
        path: `${prefix}${path}${search.size === 0 ? '' : `?${search}`}`,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: options.signal,
        headersTimeout: timeout,
        bodyTimeout,
      })
    } catch (error) {
      throw transportError(error, address, `${method} ${path}`, options.signal)
    }
  }

  async function call(method: Method, path: string, options: CallOptions): Promise<EngineAnswer> {
    const { statusCode, headers, body } = await request(method, path, options, options.timeout ?? QUICK)
    try {
      return { status: statusCode, headers, text: await readText(body) }
    } catch (error) {
      throw transportError(error, address, `${method} ${path}`, options.signal)
    }
  }

  const pulse = new EnginePulse(async () => {
    await call('GET', '/_ping', { signal: AbortSignal.timeout(2 * PULSE), timeout: PULSE })
  })

  return {
    address,
    call,
    json: async <T>(method: Method, path: string, options: CallOptions): Promise<T> => {
      const answer = await call(method, path, options)
      if (answer.status >= 400) throw new EngineError(answer.status, messageOf(answer.text, answer.status))
      return parse<T>(answer.text, `${method} ${path}`)
    },
    open: async (method, path, options) => {
      const life = pulse.open()
      try {
        const signal = AbortSignal.any([options.signal, life.signal])
        const { statusCode, body } = await request(method, path, { ...options, signal }, 0)
        body.once('close', life.close)
        if (statusCode < 400) return body
        throw new EngineError(statusCode, messageOf(await readText(body), statusCode))
      } catch (error) {
        life.close()
        throw error
      }
    },
    close: () => {
      pulse.stop()
      return agent.destroy()
    },
  }
}

function connectOptions(address: EngineAddress): { [name: string]: unknown; timeout: number } {
  if (address.kind === 'unix') return { socketPath: address.path, timeout: CONNECT }
  if (address.certificates === undefined) return { timeout: CONNECT }
  const read = (name: string) => readFileSync(join(address.certificates ?? '', name))
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem'), timeout: CONNECT }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new RuntimeError('other', 'The container engine gave an answer without end.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse<T>(text: string, what: string): T {
  if (text === '') return undefined as T
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new RuntimeError('other', `The container engine answered ${what} with something that is not JSON.`, error)
  }
}

/** Docker says `{message}`, Podman `{cause, message, response}`. */
function messageOf(text: string, status: number): string {
  try {
    const parsed = JSON.parse(text) as { message?: unknown }
    if (typeof parsed.message === 'string' && parsed.message !== '') return parsed.message.trim()
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text.trim().slice(0, 2000) || `status ${status}`
}

/** Turns whatever broke the conversation into one sentence; an abort of the caller stays the caller's reason. */
export function transportError(error: unknown, address: EngineAddress, what: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof RuntimeError) return error
  const code = (error as NodeJS.ErrnoException).code
  const where = formatAddress(address)
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new RuntimeError('unreachable', `The container engine at ${where} did not answer ${what} in time.`, error)
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new RuntimeError(
      'unreachable',
      `No permission to use the container engine at ${where}: run as root or as a member of the group that owns the socket.`,
      error,
    )
  }
  return new RuntimeError('unreachable', `The container engine at ${where} cannot be reached: is it running?`, error)
}
