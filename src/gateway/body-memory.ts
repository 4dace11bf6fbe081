/** Bounds the memory that collected bodies take in one worker. */
export class BodyMemory {
  readonly #limit: number
  #used = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** False when it does not fit now. A body larger than the whole budget fits only into an empty one. */
  reserve(bytes: number): boolean {
    if (this.#used > 0 && this.#used + bytes > this.#limit) return false
    this.#used += bytes
    return true
  }

  release(bytes: number): void {
    this.#used -= bytes
  }
}
