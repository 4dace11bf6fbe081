/** The start of a response as far as the data plane needs it. Header names are lower-case; the last of repeated ones wins. */
export interface ResponseHead {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Bytes of the body when the container announced them. */
  readonly contentLength: number | undefined
}

/** What the parser reports, in order: one head, any number of body parts, one end. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void
  /** The bytes are only valid during the call. */
  onBody(bytes: Buffer): void
  /** `reusable`: the connection may carry another request. */
  onEnd(reusable: boolean): void
}

/** The container did not answer in HTTP/1.1. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError'
}

const MAX_HEAD_BYTES = 64 * 1024
const MAX_CHUNK_LINE_BYTES = 1024
const HEAD_END = Buffer.from('\r\n\r\n')

type State = 'head' | 'length' | 'chunk-line' | 'chunk-data' | 'chunk-end' | 'trailers' | 'until-close' | 'done'

/**
 * Reads one HTTP/1.1 response after another from the bytes of a connection (RFC 9112). Strict where leniency could
 * shift the border between two responses: conflicting lengths, malformed chunks and stray bytes are errors.
 */
export class ResponseParser {
  #state: State = 'head'
  /** Bytes of an unfinished head, chunk line or trailer. */
  #pending: Buffer | undefined
  #remaining = 0
  #keepAlive = true
  #started = false
  readonly #events: ResponseEvents

  constructor(events: ResponseEvents) {
    this.#events = events
  }

  /** Whether any byte of the current response has arrived. */
  get started(): boolean {
    return this.#started
  }

  /** Makes ready for the response to the next request on the same connection. */
  reset(): void {
    this.#state = 'head'
    this.#started = false
    this.#pending = undefined
  }

  /** Takes the next bytes of the connection. Throws MalformedResponseError. */
  feed(bytes: Buffer): void {
    let rest = bytes
    this.#started = true
    while (rest.length > 0) {
      if (this.#state === 'head') rest = this.#readHead(rest)
      else if (this.#state === 'length') rest = this.#readCounted(rest, 'done')
      else if (this.#state === 'chunk-line') rest = this.#readChunkLine(rest)
      else if (this.#state === 'chunk-data') rest = this.#readCounted(rest, 'chunk-end')
      else if (this.#state === 'chunk-end') rest = this.#readChunkEnd(rest)
      else if (this.#state === 'trailers') rest = this.#readTrailer(rest)
      else if (this.#state === 'until-close') {
        this.#events.onBody(rest)
        return
      } else throw new MalformedResponseError('the container sent bytes beyond the end of its response')
    }
  }

  /** The container closed its side. True when that was the proper end of a body without a length. */
  close(): boolean {
    if (this.#state !== 'until-close') return false
    this.#finish(false)
    return true
  }

  #readHead(bytes: Buffer): Buffer {
    const all = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    const end = all.indexOf(HEAD_END)
    if (end < 0) {
      if (all.length > MAX_HEAD_BYTES) throw new MalformedResponseError('the head of the response is too large')
      this.#pending = Buffer.from(all)
      return all.subarray(all.length)
    }
    this.#pending = undefined
    const { status, minor, headers } = parseHead(all.toString('latin1', 0, end))
    const rest = all.subarray(end + HEAD_END.length)
    if (status < 200) return rest
    this.#begin(status, minor, headers)
    return rest
  }

  #begin(status: number, minor: number, headers: Map<string, string>): void {
    const connection = headers.get('connection')?.toLowerCase()
    this.#keepAlive = minor === 1 ? connection !== 'close' : connection === 'keep-alive'
    const coding = headers.get('transfer-encoding')?.toLowerCase()
    const length = headers.get('content-length')
    let contentLength: number | undefined
    if (coding !== undefined) {
      if (coding !== 'chunked') throw new MalformedResponseError(`the response has the transfer coding '${coding}'`)
      this.#state = 'chunk-line'
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length))
        throw new MalformedResponseError('the content length of the response is no number')
      contentLength = Number(length)
      this.#remaining = contentLength
      this.#state = 'length'
    } else this.#state = 'until-close'
    if (status === 204 || status === 304) {
      contentLength = 0
      this.#remaining = 0
      this.#state = 'length'
    }
    this.#events.onHead({ status, headers, contentLength })
    if (this.#state === 'length' && this.#remaining === 0) this.#finish(this.#keepAlive)
  }

  #readCounted(bytes: Buffer, next: State): Buffer {
    const part = bytes.length <= this.#remaining ? bytes : bytes.subarray(0, this.#remaining)
    this.#remaining -= part.length
    this.#events.onBody(part)
    if (this.#remaining === 0) {
      if (next === 'done') this.#finish(this.#keepAlive)
      else this.#state = next
    }
    return bytes.subarray(part.length)
  }

  #readChunkLine(bytes: Buffer): Buffer {
    const [line, rest] = this.#takeLine(bytes, MAX_CHUNK_LINE_BYTES)
    if (line === undefined) return rest
    const size = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?$/.exec(line)?.[1]
    if (size === undefined) throw new MalformedResponseError('a chunk of the response has no size')
    this.#remaining = Number.parseInt(size, 16)
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data'
    return rest
  }

  #readChunkEnd(bytes: Buffer): Buffer {
    const [line, rest] = this.#takeLine(bytes, 2)
    if (line === undefined) return rest
    if (line !== '') throw new MalformedResponseError('a chunk of the response is longer than it said')
    this.#state = 'chunk-line'
    return rest
  }

  #readTrailer(bytes: Buffer): Buffer {
    const [line, rest] = this.#takeLine(bytes, MAX_HEAD_BYTES)
    if (line === '') this.#finish(this.#keepAlive)
    return rest
  }

  /** A line without its end, or undefined (and the bytes kept) while it is not complete. */
  #takeLine(bytes: Buffer, limit: number): [string | undefined, Buffer] {
    const all = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    const end = all.indexOf('\r\n', 0, 'latin1')
    if (end < 0 || end > limit) {
      if (all.length > limit + 2) throw new MalformedResponseError('a chunk of the response is malformed')
      this.#pending = Buffer.from(all)
      return [undefined, all.subarray(all.length)]
    }
    this.#pending = undefined
    return [all.toString('latin1', 0, end), all.subarray(end + 2)]
  }

  #finish(reusable: boolean): void {
    this.#state = 'done'
    this.#events.onEnd(reusable)
  }
}

function parseHead(text: string): { status: number; minor: number; headers: Map<string, string> } {
  const lines = text.split('\r\n')
  const start = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(lines[0] ?? '')
  if (start === null) throw new MalformedResponseError('the response does not start with an HTTP/1.1 status line')
  const headers = new Map<string, string>()
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string
    const colon = line.indexOf(':')
    if (colon <= 0 || line.charCodeAt(0) <= 32)
      throw new MalformedResponseError('a header of the response is malformed')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const previous = headers.get(name)
    if (name === 'content-length' && previous !== undefined && previous !== value)
      throw new MalformedResponseError('the response has two content lengths')
    headers.set(name, value)
  }
  return { status: Number(start[2]), minor: Number(start[1]), headers }
}
