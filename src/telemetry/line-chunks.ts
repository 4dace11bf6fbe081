const CHUNK = 64 * 1024
/** UTF-8 takes no more for one of JavaScript's characters. */
const MOST_BYTES_A_CHARACTER = 3

/**
 * Lines on their way to a file, as bytes in chunks: a text that waits to be written is copied by the garbage collector again and again,
 * and outlives its time when it has become old.
 */
export class LineChunks {
  readonly #most: number
  #full: Buffer[] = []
  #open = Buffer.allocUnsafeSlow(CHUNK)
  #filled = 0

  /** @param most bytes that may wait, nearly */
  constructor(most: number) {
    this.#most = most
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#full.length * CHUNK + this.#filled
  }

  /** Whether there was room. A line has no more than a few thousand characters. */
  add(line: string): boolean {
    if (this.#filled + line.length * MOST_BYTES_A_CHARACTER > CHUNK) {
      if (this.size >= this.#most) return false
      this.#full.push(this.#open.subarray(0, this.#filled))
      this.#open = Buffer.allocUnsafeSlow(Math.max(CHUNK, line.length * MOST_BYTES_A_CHARACTER))
      this.#filled = 0
    }
    this.#filled += this.#open.write(line, this.#filled)
    return true
  }

  /** All that waits, to be written in this order. */
  take(): Buffer[] {
    const chunks = [...this.#full, this.#open.subarray(0, this.#filled)]
    this.#full = []
    this.#open = Buffer.allocUnsafeSlow(CHUNK)
    this.#filled = 0
    return chunks
  }
}
