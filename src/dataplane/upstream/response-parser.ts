import { PartJoiner } from './part-joiner.ts'
import {
  checkHeadSoFar,
  MalformedResponseError,
  type ParsedHead,
  parseHead,
  parseHeader,
  type ResponseHead,
} from './response-head.ts'

/** What the parser reports, in order: one head, any number of body parts, one end. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void
  /** The bytes are only valid during the call. */
  onBody(bytes: Buffer): void
  onEnd(): void
}

const MAX_HEAD_BYTES = 64 * 1024
const MAX_CHUNK_LINE_BYTES = 1024
/** Interim responses before the response proper; they cost time and say nothing. */
const MAX_INTERIM = 100
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const LINE_FEED = 0x0a
const NOTHING = Buffer.alloc(0)
/** What may become the line before a chunk. */
const CHUNK_LINE_SO_FAR = /^[0-9a-fA-F]{0,12}(?:(?<=.);[\t\x20-\x7e]*)?\r?$/

const QUICK_DIGITS = 4
const NO_DIGIT = 0xff
/** The value of each byte as a hexadecimal digit. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase())
  return digit < 0 ? NO_DIGIT : digit
})
const isLineEnd = (bytes: Buffer, at: number): boolean => bytes[at] === 0x0d && bytes[at + 1] === 0x0a

type State = 'head' | 'length' | 'chunk-line' | 'chunk-data' | 'chunk-end' | 'trailers' | 'until-close' | 'done'

/**
 * Reads one HTTP/1.1 response after another from the bytes of a connection (RFC 9112). Strict where leniency could
 * shift the border between two responses: conflicting lengths, malformed chunks and stray bytes are errors.
 */
export class ResponseParser {
  #state: State = 'head'
  /** Bytes of an unfinished head, chunk line or trailer. */
  #pending: Buffer | undefined
  /** Where the first line of `#pending` begins that is not checked, while it is a head. */
  #checked = 0
  #remaining = 0
  #interim = 0
  #head: ParsedHead | undefined
  #separateParts = false
  // A container's heads differ in their date at most, so the last one is often the next one.
  #lastText = ''
  #lastHead: ParsedHead | undefined
  readonly #events: ResponseEvents
  readonly #chunks: PartJoiner

  constructor(events: ResponseEvents) {
    this.#events = events
    this.#chunks = new PartJoiner((bytes) => events.onBody(bytes))
  }

  /** The head of the current response, once it has come. */
  get head(): ParsedHead | undefined {
    return this.#head
  }

  /**
   * Makes ready for the response to the next request on the same connection. Chunks that come in one read are reported as one part,
   * unless that is not wanted.
   */
  reset(separateParts = false): void {
    this.#separateParts = separateParts
    this.#state = 'head'
    this.#interim = 0
    this.#head = undefined
    this.#pending = undefined
    this.#checked = 0
  }

  /** Takes the next bytes of the connection, and reports all that they hold. Throws MalformedResponseError. */
  feed(bytes: Buffer): void {
    try {
      this.#consume(bytes)
    } finally {
      this.#chunks.flush()
    }
  }

  #consume(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) {
      if (this.#state === 'head') rest = this.#readHead(rest)
      else if (this.#state === 'length') rest = this.#readCounted(rest)
      else if (this.#state === 'chunk-line') rest = this.#readChunkLine(rest)
      else if (this.#state === 'chunk-data') rest = this.#readCounted(rest)
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
    this.#finish()
    return true
  }

  #readHead(bytes: Buffer): Buffer {
    const all = this.#withPending(bytes)
    const end = all.indexOf(HEAD_END, Math.max(0, all.length - bytes.length - HEAD_END.length + 1))
    if ((end < 0 ? all.length : end) > MAX_HEAD_BYTES)
      throw new MalformedResponseError('the head of the response is too large')
    if (end < 0) {
      this.#checked = checkHeadSoFar(all, this.#checked, all.length - bytes.length)
      return this.#keep(all)
    }
    this.#checked = 0
    const head = this.#parseHead(all.toString('latin1', 0, end))
    const rest = all.subarray(end + HEAD_END.length)
    if (head.status === 101 || (head.status < 200 && !head.keepAlive))
      throw new MalformedResponseError('the container switched to another protocol')
    // Other interim responses say nothing that matters here; the response proper follows.
    if (head.status >= 200) this.#begin(head)
    else if (++this.#interim > MAX_INTERIM) throw new MalformedResponseError('there are too many interim responses')
    return rest
  }

  #parseHead(text: string): ParsedHead {
    if (this.#lastHead === undefined || text !== this.#lastText) {
      this.#lastHead = parseHead(text)
      this.#lastText = text
    }
    return this.#lastHead
  }

  #begin(head: ParsedHead): void {
    this.#head = head
    this.#remaining = head.contentLength ?? 0
    if (head.framing === 'chunked') this.#state = 'chunk-line'
    else if (head.framing === 'until-close') this.#state = 'until-close'
    else this.#state = 'length'
    this.#events.onHead(head)
    if (this.#state === 'length' && this.#remaining === 0) this.#finish()
  }

  #readCounted(bytes: Buffer): Buffer {
    const part = bytes.length <= this.#remaining ? bytes : bytes.subarray(0, this.#remaining)
    this.#remaining -= part.length
    if (this.#state === 'length') this.#events.onBody(part)
    else this.#takeChunk(part, 0, part.length)
    if (this.#remaining === 0) {
      if (this.#state === 'length') this.#finish()
      else this.#state = 'chunk-end'
    }
    return bytes.subarray(part.length)
  }

  #takeChunk(bytes: Buffer, start: number, end: number): void {
    if (this.#separateParts) this.#events.onBody(bytes.subarray(start, end))
    else this.#chunks.add(bytes, start, end)
  }

  /** Takes the chunks that have come whole, in the way that nearly all are written; what is left goes the long way. */
  #readWholeChunks(bytes: Buffer): Buffer {
    let at = 0
    for (;;) {
      let size = 0
      let start = at
      for (; start < at + QUICK_DIGITS; start++) {
        const digit = HEX[bytes[start] as number] ?? NO_DIGIT
        if (digit === NO_DIGIT) break
        size = size * 16 + digit
      }
      if (size === 0 || !isLineEnd(bytes, start)) break
      start += LINE_END.length
      const end = start + size
      if (!isLineEnd(bytes, end)) break
      this.#takeChunk(bytes, start, end)
      at = end + LINE_END.length
    }
    if (at === bytes.length) return NOTHING
    return at === 0 ? bytes : bytes.subarray(at)
  }

  #readChunkLine(unread: Buffer): Buffer {
    const bytes = this.#pending === undefined ? this.#readWholeChunks(unread) : unread
    if (bytes.length === 0) return bytes
    const [line, rest] = this.#takeLine(bytes, MAX_CHUNK_LINE_BYTES)
    if (line === undefined) {
      if (!CHUNK_LINE_SO_FAR.test(this.#pending?.toString('latin1') ?? ''))
        throw new MalformedResponseError('a chunk of the response has no size')
      return rest
    }
    const size = /^([0-9a-fA-F]{1,12})(?:;[\t\x20-\x7e]*)?$/.exec(line)?.[1]
    if (size === undefined) throw new MalformedResponseError('a chunk of the response has no size')
    this.#remaining = Number.parseInt(size, 16)
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data'
    return rest
  }

  #readChunkEnd(bytes: Buffer): Buffer {
    const [line, rest] = this.#takeLine(bytes, 0)
    if (line === undefined) return rest
    this.#state = 'chunk-line'
    return rest
  }

  #readTrailer(bytes: Buffer): Buffer {
    const [line, rest] = this.#takeLine(bytes, MAX_HEAD_BYTES)
    if (line === '') this.#finish()
    else if (line !== undefined) parseHeader(line)
    return rest
  }

  /** A line of at most `limit` bytes without its end, or undefined (and the bytes kept) while it is not complete. */
  #takeLine(bytes: Buffer, limit: number): [string | undefined, Buffer] {
    const all = this.#withPending(bytes)
    const end = all.indexOf(LINE_END)
    // A line that is not complete may lack no more than its last byte beyond the limit.
    if (end > limit || (end < 0 && (all.length > limit + 1 || (all.length > limit && all[limit] !== 0x0d))))
      throw new MalformedResponseError('a chunk of the response is malformed')
    if (end < 0) {
      // Lines that end in other ways are none, and would be waited for in vain.
      if (bytes.includes(LINE_FEED)) throw new MalformedResponseError('a line of the response has no proper end')
      return [undefined, this.#keep(all)]
    }
    return [all.toString('latin1', 0, end), all.subarray(end + LINE_END.length)]
  }

  #withPending(bytes: Buffer): Buffer {
    if (this.#pending === undefined) return bytes
    const all = Buffer.concat([this.#pending, bytes])
    this.#pending = undefined
    return all
  }

  #keep(bytes: Buffer): Buffer {
    this.#pending = Buffer.from(bytes)
    return bytes.subarray(bytes.length)
  }

  #finish(): void {
    this.#state = 'done'
    this.#chunks.flush()
    this.#events.onEnd()
  }
}
