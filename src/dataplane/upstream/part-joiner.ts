/** Parts from this size on are passed on as they are: to copy them costs more than one call. */
const LARGE_BYTES = 4 * 1024
const FEW_BYTES = 16

// One for all connections: what has been joined is passed on before anything else is read.
const JOINED = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * Joins small parts of a body that came in one read. Each part that is passed on costs its way through the data plane and a write to the
 * client, however small it is. Nothing may be held back: whoever adds parts flushes before he waits for more.
 */
export class PartJoiner {
  readonly #emit: (bytes: Buffer) => void
  #filled = 0

  /** The bytes are only valid during the call of `emit`. */
  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit
  }

  /** The part is what stands in `bytes` from `start` to before `end`. */
  add(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (length >= LARGE_BYTES || this.#filled + length > JOINED.length) this.flush()
    if (length >= LARGE_BYTES) return this.#emit(bytes.subarray(start, end))
    // A call costs several times what a few bytes do.
    if (length <= FEW_BYTES)
      for (let index = start; index < end; index++) JOINED[this.#filled++] = bytes[index] as number
    else this.#filled += bytes.copy(JOINED, this.#filled, start, end)
  }

  /** Passes on what has been added. */
  flush(): void {
    if (this.#filled === 0) return
    const bytes = JOINED.subarray(0, this.#filled)
    this.#filled = 0
    this.#emit(bytes)
  }
}
