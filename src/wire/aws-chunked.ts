import { createHash, type Hash, hash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { ServiceError } from './service-error.ts'
import { type ChunkSeed, sameHex } from './sigv4/verify.ts'

/** What a request says about its aws-chunked body. */
export interface ChunkedBody {
  /** Bytes of payload, without the framing. */
  readonly decodedLength: number
  /** The names of the trailers to come, in lower case. */
  readonly trailerNames: readonly string[]
}

/** Trailers by lower-case name. */
export type Trailers = ReadonlyMap<string, string>

const MAX_LINE = 1024
const MAX_TRAILERS = 8 * 1024
/** S3 lets only the last chunk be smaller. */
const MIN_CHUNK = 8192
const LINE_FEED = 0x0a
const EMPTY_HASH = hash('sha256', '')
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/
const CHECKSUM_TRAILER = /^x-amz-checksum-(?:crc32|crc32c|crc64nvme|sha1|sha256)$/

/**
 * Reads the headers that go with an aws-chunked body; undefined when the body is sent as it is. That it is chunked is
 * told by `x-amz-decoded-content-length`, which is signed, and not by Content-Encoding, which need not be.
 */
export function readChunkedHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): ChunkedBody | undefined {
  const length = headers['x-amz-decoded-content-length']
  if (length === undefined) {
    if (!String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')) return undefined
    throw new ServiceError('MissingContentLength', 'You must provide the Content-Length HTTP header.', { status: 411 })
  }
  const decodedLength = Number(length)
  if (!/^\d{1,15}$/.test(String(length))) {
    throw new ServiceError('InvalidArgument', 'x-amz-decoded-content-length must be a number of bytes.', {
      members: { ArgumentName: 'x-amz-decoded-content-length', ArgumentValue: String(length) },
    })
  }
  const names = String(headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const trailerNames = names.filter((name) => name !== '')
  if (!trailerNames.every((name) => CHECKSUM_TRAILER.test(name)) || trailerNames.length > 1) {
    throw new ServiceError('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  }
  return { decodedLength, trailerNames }
}

/**
 * Takes the aws-chunked framing off a body. With a seed each chunk's signature, and that of the trailers, is verified:
 * what has been passed on is only proven once the stream has ended, so the reader must keep nothing of a stream that
 * failed. Fails with S3's errors: IncompleteBody, MalformedTrailerError, InvalidChunkSizeError, SignatureDoesNotMatch.
 */
export class AwsChunkedDecoder extends Transform {
  /** The trailers that will have come when the stream ends without an error. */
  readonly trailerNames: readonly string[]
  /** Settles before the stream ends; rejects with the stream's error. */
  readonly trailers: Promise<Trailers>

  readonly #body: ChunkedBody
  readonly #seed: ChunkSeed | undefined
  readonly #found = new Map<string, string>()
  #resolve!: (trailers: Trailers) => void
  #reject!: (error: Error) => void

  #state: 'chunk-line' | 'data' | 'data-end' | 'trailers' | 'end' = 'chunk-line'
  /** The begun line, when a line is cut by the end of a buffer. */
  #line = ''
  #trailerBytes = 0
  /** Payload bytes still to come in this chunk, and in the whole body. */
  #chunkLeft = 0
  #bodyLeft: number
  #chunkNumber = 0
  #smallChunk: { readonly number: number; readonly size: number } | undefined
  #previousSignature: string
  #chunkSignature = ''
  #chunkHash: Hash | undefined

  constructor(body: ChunkedBody, seed: ChunkSeed | undefined) {
    super()
    this.trailerNames = body.trailerNames
    this.#body = body
    this.#seed = seed
    this.#bodyLeft = body.decodedLength
    this.#previousSignature = seed?.signature ?? ''
    this.trailers = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever reads the stream learns of its error there; not everyone asks for the trailers.
    this.trailers.catch(() => {})
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let at = 0
      while (at < bytes.length) at = this.#state === 'data' ? this.#takeData(bytes, at) : this.#takeLine(bytes, at)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#state !== 'end') return done(incompleteBody())
    this.#resolve(this.#found)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#reject(error ?? incompleteBody())
    done(error)
  }

  #takeData(bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#chunkLeft, bytes.length)
    const part = bytes.subarray(at, end)
    this.#chunkHash?.update(part)
    this.#chunkLeft -= part.length
    this.push(part)
    if (this.#chunkLeft === 0) {
      this.#state = 'data-end'
      if (this.#chunkHash !== undefined) this.#verifyChunk(this.#chunkHash.digest('hex'))
    }
    return end
  }

  #takeLine(bytes: Buffer, at: number): number {
    if (this.#state === 'end') throw incompleteBody()
    const found = bytes.indexOf(LINE_FEED, at)
    const end = found < 0 ? bytes.length : found
    if (this.#line.length + end - at > (this.#state === 'trailers' ? MAX_TRAILERS : MAX_LINE)) throw this.#malformed()
    this.#line += bytes.toString('latin1', at, end)
    if (found < 0) return end
    const line = this.#line
    this.#line = ''
    // Trailers may end in a bare line feed, which AWS's own examples show before the line break.
    if (!line.endsWith('\r') && this.#state !== 'trailers') throw incompleteBody()
    this.#readLine(line.endsWith('\r') ? line.slice(0, -1) : line, line.endsWith('\r'))
    return found + 1
  }

  #readLine(line: string, complete: boolean): void {
    if (this.#state === 'chunk-line') this.#beginChunk(line)
    else if (this.#state === 'trailers') this.#readTrailer(line, complete)
    else if (line === '') this.#state = 'chunk-line'
    else throw incompleteBody()
  }

  #beginChunk(line: string): void {
    const match = CHUNK_LINE.exec(line)
    if (match === null) throw incompleteBody()
    const size = Number.parseInt(match[1]!, 16)
    if (size > this.#bodyLeft) throw incompleteBody()
    this.#chunkNumber++
    this.#chunkSignature = match[2] ?? ''
    if (size === 0) {
      if (this.#bodyLeft > 0) throw incompleteBody()
      if (this.#seed !== undefined) this.#verifyChunk(EMPTY_HASH)
      this.#state = 'trailers'
      return
    }
    if (this.#smallChunk !== undefined) throw chunkTooSmall(this.#smallChunk)
    if (size < MIN_CHUNK) this.#smallChunk = { number: this.#chunkNumber, size }
    this.#bodyLeft -= size
    this.#chunkLeft = size
    if (this.#seed !== undefined) this.#chunkHash = createHash('sha256')
    this.#state = 'data'
  }

  #verifyChunk(payloadHash: string): void {
    this.#verify('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_HASH}\n${payloadHash}`, this.#chunkSignature)
  }

  #verify(algorithm: string, hashes: string, given: string): void {
    const { key, timestamp, scope } = this.#seed!
    const stringToSign = `${algorithm}\n${timestamp}\n${scope}\n${this.#previousSignature}\n${hashes}`
    if (!sameHex(key.sign(stringToSign), given)) throw badSignature(stringToSign, given)
    this.#previousSignature = given
  }

  #readTrailer(line: string, complete: boolean): void {
    this.#trailerBytes += line.length
    if (this.#trailerBytes > MAX_TRAILERS) throw malformedTrailer()
    // The rest of a line that ended in "\n\r\n".
    if (line === '' && (!complete || this.#awaitsSignature())) return
    if (line === '') return this.#end()
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    if (name === '' || this.#found.has(name)) throw malformedTrailer()
    this.#found.set(name, line.slice(colon + 1).trim())
  }

  #awaitsSignature(): boolean {
    return this.#seed !== undefined && this.#found.size > 0 && !this.#found.has(TRAILER_SIGNATURE)
  }

  #end(): void {
    const signature = this.#found.get(TRAILER_SIGNATURE)
    this.#found.delete(TRAILER_SIGNATURE)
    const names = this.#body.trailerNames
    if (this.#found.size === 0 && names.length > 0) throw incompleteBody()
    if (this.#found.size !== names.length || !names.every((name) => this.#found.has(name))) throw malformedTrailer()
    if (this.#seed !== undefined && names.length > 0) {
      const canonical = [...this.#found].map(([name, value]) => `${name}:${value}\n`).join('')
      this.#verify('AWS4-HMAC-SHA256-TRAILER', hash('sha256', canonical), signature ?? '')
    }
    this.#state = 'end'
  }

  #malformed(): ServiceError {
    return this.#state === 'trailers' ? malformedTrailer() : incompleteBody()
  }
}

const TRAILER_SIGNATURE = 'x-amz-trailer-signature'

const incompleteBody = (): ServiceError =>
  new ServiceError('IncompleteBody', 'The request body terminated unexpectedly')

const malformedTrailer = (): ServiceError =>
  new ServiceError(
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  )

const chunkTooSmall = (chunk: { readonly number: number; readonly size: number }): ServiceError =>
  new ServiceError('InvalidChunkSizeError', 'Only the last chunk is allowed to have a size less than 8192 bytes', {
    status: 403,
    members: { Chunk: String(chunk.number), BadChunkSize: String(chunk.size) },
  })

const badSignature = (stringToSign: string, given: string): ServiceError =>
  new ServiceError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    { status: 403, members: { StringToSign: stringToSign, SignatureProvided: given } },
  )
