import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { freeGiven } from '../../../shared/free-buffer.ts'
import { BlobTooLargeError, type WriteOptions, type WrittenBlob } from '../blob-store.ts'
import { type DigestName, DigestSet } from '../digests.ts'
import { sealChunks } from '../sealed-chunks.ts'
import { SLAB_BYTES, type SlabSession, type SlabWriter } from './slab-writer.ts'

/** Up to here a body is digested in the event loop, which takes at most about 0.4 ms; handing it over takes longer. */
const SMALL = 128 * 1024
/** How many slabs of one body may be on their way to the disk. */
const SLABS_IN_FLIGHT = 3

/** Writes all bytes of the source into the file: small bodies here, large ones by the thread. */
export async function receive<D extends DigestName>(
  source: AsyncIterable<Uint8Array>,
  file: FileHandle,
  slabs: SlabWriter,
  options: Pick<WriteOptions<D>, 'digests' | 'maxBytes' | 'key' | 'signal'>,
): Promise<WrittenBlob<D>> {
  const { digests, maxBytes = Number.POSITIVE_INFINITY, key, signal } = options
  const small: Uint8Array[] = []
  let large: LargeBody | undefined
  let size = 0
  try {
    for await (const chunk of interruptible(source, signal)) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('A body consists of bytes')
      size += chunk.length
      if (size > maxBytes) throw new BlobTooLargeError(`The body is larger than ${maxBytes} bytes`)
      if (large === undefined && size <= SMALL) {
        small.push(chunk)
        continue
      }
      large ??= new LargeBody(file, slabs, digests, key)
      for (const earlier of small.splice(0)) await large.add(earlier)
      await large.add(chunk)
    }
    if (large !== undefined) return { size, digests: (await large.finish()) as Record<D, Uint8Array> }
    const set = new DigestSet(digests)
    for (const chunk of small) set.update(chunk)
    if (size > 0) {
      const bytes = Buffer.concat(small)
      await file.writeFile(key === undefined ? bytes : Buffer.concat(sealChunks(key, 0, bytes)))
    }
    return { size, digests: set.finish() as Record<D, Uint8Array> }
  } finally {
    await large?.end()
  }
}

/**
 * The source, which fails with the signal's reason as soon as it aborts. A stream that was not read to its end is left
 * as it is: the body of a request must not be destroyed before the request is answered.
 */
function interruptible(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  const stream = source instanceof Readable ? source : signal === undefined ? undefined : Readable.from(source)
  if (stream === undefined) return source
  if (signal !== undefined) {
    const onAbort = () => stream.destroy(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    stream.once('close', () => signal.removeEventListener('abort', onAbort))
  }
  return stream === source ? stream.iterator({ destroyOnReturn: false }) : stream
}

/** Gathers chunks into slabs and keeps a few of them on their way. */
class LargeBody {
  readonly #slabs: SlabWriter
  readonly #session: SlabSession
  readonly #inFlight: Promise<unknown>[] = []
  #slab: Uint8Array<ArrayBuffer>
  #used = 0
  #ended: Promise<Record<string, Uint8Array>> | undefined

  constructor(file: FileHandle, slabs: SlabWriter, digests: readonly DigestName[], key: Uint8Array | undefined) {
    this.#slabs = slabs
    this.#session = slabs.begin(file.fd, digests, key)
    this.#slab = new Uint8Array(slabs.takeSlab())
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + SLAB_BYTES - this.#used)
      this.#slab.set(part, this.#used)
      this.#used += part.length
      at += part.length
      if (this.#used < SLAB_BYTES) continue
      this.#send()
      this.#slab = new Uint8Array(this.#slabs.takeSlab())
      if (this.#inFlight.length >= SLABS_IN_FLIGHT) await this.#inFlight.shift()
    }
    freeGiven(chunk)
  }

  async finish(): Promise<Record<string, Uint8Array>> {
    if (this.#used > 0) this.#send()
    else this.#slabs.giveBack(this.#slab.buffer)
    await Promise.all(this.#inFlight)
    return await this.#end()
  }

  /** Resolves when the thread has let go of the file: before that it must not be closed. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#inFlight, this.#end()])
  }

  #end(): Promise<Record<string, Uint8Array>> {
    this.#ended ??= this.#session.end()
    return this.#ended
  }

  #send(): void {
    const written = this.#session.write(this.#slab.buffer, this.#used)
    this.#used = 0
    // Reported where it is awaited.
    written.catch(() => {})
    this.#inFlight.push(written)
  }
}
