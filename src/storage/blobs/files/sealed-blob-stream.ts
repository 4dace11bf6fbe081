import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { giveAway } from '../../../shared/free-buffer.ts'
import { BlobCorruptError, type BlobSeal } from '../blob-store.ts'
import { CHUNK_BYTES, openChunk, SEALED_CHUNK_BYTES, sealedSize } from '../sealed-chunks.ts'
import { fileError } from './file-error.ts'

/** Chunks that are read from the file, and decrypted, in one go: a quarter of a MiB. */
const CHUNKS_AT_ONCE = 4

/**
 * The plain bytes of an encrypted file from `first` to `last`, both counted. Only the chunks that hold them are read,
 * and nothing of a chunk is passed on before all of it has proved true. Closes the file.
 *
 * An object stream, so that chunks come out as they are: a byte stream joins those that wait, in memory that is new each time. They are
 * given away to whoever reads them.
 */
export class SealedBlobStream extends Readable {
  readonly #file: FileHandle
  readonly #blobId: string
  readonly #seal: BlobSeal
  readonly #first: number
  readonly #last: number
  #chunk: number
  readonly #buffer: Buffer
  /** Bytes of the first block, read before anybody asks. */
  #ahead: Buffer[] | undefined

  constructor(file: FileHandle, blobId: string, seal: BlobSeal, first: number, last: number) {
    super({ objectMode: true, highWaterMark: CHUNKS_AT_ONCE })
    this.#file = file
    this.#blobId = blobId
    this.#seal = seal
    this.#first = first
    this.#last = last
    this.#chunk = Math.floor(first / CHUNK_BYTES)
    const chunks = Math.floor(last / CHUNK_BYTES) - this.#chunk + 1
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(CHUNKS_AT_ONCE, chunks) * SEALED_CHUNK_BYTES)
  }

  /** Reads the first bytes, so that a blob that is broken there is found before an answer begins. */
  async begin(): Promise<this> {
    this.#ahead = await this.#readBlock()
    return this
  }

  override _read(): void {
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead !== undefined) return this.#pass(ahead)
    this.#readBlock().then(
      (block) => this.#pass(block),
      (error) => this.destroy(fileError(error) as Error),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (failure) => done(error ?? failure),
    )
  }

  #pass(block: readonly Buffer[]): void {
    if (this.destroyed) return
    if (block.length === 0) this.push(null)
    for (const bytes of block) this.push(bytes)
  }

  /** The next plain bytes; none at the end. */
  async #readBlock(): Promise<Buffer[]> {
    const start = this.#chunk * CHUNK_BYTES
    if (start > this.#last) return []
    const end = Math.min(this.#seal.size, (this.#chunk + CHUNKS_AT_ONCE) * CHUNK_BYTES, roundUp(this.#last + 1))
    const wanted = sealedSize(end - start)
    await this.#fill(wanted, this.#chunk * SEALED_CHUNK_BYTES)
    const block: Buffer[] = []
    for (let at = 0; at < wanted; at += SEALED_CHUNK_BYTES, this.#chunk++) {
      const sealed = this.#buffer.subarray(at, Math.min(at + SEALED_CHUNK_BYTES, wanted))
      const plain = openChunk(this.#seal.key, this.#chunk, sealed)
      if (plain === undefined) {
        throw new BlobCorruptError(`Blob ${this.#blobId} is not what was written, in its chunk ${this.#chunk}`)
      }
      const from = this.#chunk * CHUNK_BYTES
      block.push(giveAway(plain).subarray(Math.max(0, this.#first - from), this.#last - from + 1))
    }
    return block
  }

  async #fill(wanted: number, position: number): Promise<void> {
    for (let read = 0; read < wanted; ) {
      const { bytesRead } = await this.#file.read(this.#buffer, read, wanted - read, position + read)
      if (bytesRead === 0) throw new BlobCorruptError(`Blob ${this.#blobId} is shorter than what was written`)
      read += bytesRead
    }
  }
}

const roundUp = (size: number): number => Math.ceil(size / CHUNK_BYTES) * CHUNK_BYTES
