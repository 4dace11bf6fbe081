import { createHash, type Hash } from 'node:crypto'
import { freeBuffer } from '../shared/free-buffer.ts'
import { sha256 } from './body-hash.ts'

/** Bodies above this are hashed part by part as they come, so that the hash of none holds up other requests. */
const ONE_HASH_BYTES = 64 * 1024
/** Parts smaller than this are joined: each that is kept on its own costs some hundred bytes more than it holds. */
const SMALL_PART = 4 * 1024
const SLAB = 64 * 1024

/**
 * A body on its way in: the list of its parts, which is never joined, and their hash. `hashed` is how large it may become if
 * anybody is going to ask for its hash, 0 otherwise.
 */
export class CollectedBody {
  readonly #parts: Buffer[] = []
  readonly #state: Hash | undefined
  #size = 0
  /** What small parts are copied into, from `#filled` to its end still empty. */
  #slab: Buffer | undefined
  #filled = 0
  #from = 0
  #sent = false

  constructor(hashed: number) {
    this.#state = hashed > ONE_HASH_BYTES ? createHash('sha256') : undefined
  }

  /** Bytes that have come. */
  get size(): number {
    return this.#size
  }

  get parts(): readonly Buffer[] {
    this.#close()
    return this.#parts
  }

  add(part: Buffer): void {
    this.#state?.update(part)
    // A body that comes in one piece stays as it is.
    const first = this.#size === 0
    this.#size += part.length
    if (part.length >= SMALL_PART || first) {
      this.#close()
      this.#parts.push(part)
    } else this.#copy(part)
  }

  /** Lower-case hex SHA-256. */
  hash(): string {
    return this.#state === undefined ? sha256(this.parts) : this.#state.digest('hex')
  }

  /** Its parts have been sent on, and nobody reads them any more. */
  sent(): void {
    this.#sent = true
  }

  /**
   * Gives the memory of its parts back, if they have been sent on: to be called by whoever has read them from a socket of his own.
   * `head` came before the first of them, and is not read any more either.
   */
  free(head: Buffer): void {
    if (!this.#sent) return
    for (const [index, part] of this.#parts.splice(0).entries()) freeBuffer(part, index === 0 ? head.length : 0)
  }

  #copy(part: Buffer): void {
    if (this.#slab === undefined || this.#filled + part.length > this.#slab.length) {
      this.#close()
      // Grows with what has come, so that many who send little have little.
      this.#slab = Buffer.allocUnsafeSlow(Math.min(SLAB, Math.max(SMALL_PART, this.#size)))
      this.#filled = 0
      this.#from = 0
    }
    this.#filled += part.copy(this.#slab, this.#filled)
  }

  /** Makes a part of what has been copied since the last one. */
  #close(): void {
    if (this.#slab === undefined || this.#filled === this.#from) return
    this.#parts.push(this.#slab.subarray(this.#from, this.#filled))
    this.#from = this.#filled
  }
}
