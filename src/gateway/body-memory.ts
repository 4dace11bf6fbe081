/** Bodies up to this size find room when larger ones have taken all that those may. */
const SMALL_BYTES = 64 * 1024
/** What larger bodies may take of the budget. */
const LARGER_SHARE = 7 / 8

/**
 * Bounds the memory that collected bodies take in one worker. Nobody is known before the last byte of his body has come, so
 * whoever sends large bodies slowly can hold what they may take, as long as he keeps their pace; he cannot keep small requests out with them.
 */
export class BodyMemory {
  readonly #limit: number
  #used = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** False when it does not fit now. A body larger than the whole budget fits only into an empty one. */
  reserve(bytes: number): boolean {
    const limit = bytes > SMALL_BYTES ? this.#limit * LARGER_SHARE : this.#limit
    if (this.#used > 0 && this.#used + bytes > limit) return false
    this.#used += bytes
    return true
  }

  release(bytes: number): void {
    this.#used -= bytes
  }
}
