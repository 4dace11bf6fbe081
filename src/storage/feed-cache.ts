import type { ChangeFeed } from './change-feed.ts'
import { EVERYTHING } from './change-feed.ts'

const LIMIT = 10_000

/** What is read from the database once and then kept until the change feed says that it is no longer so. */
export class FeedCache<Value> {
  readonly #known = new Map<string, { readonly value: Value }>()
  readonly #read: (key: string) => Promise<Value>
  /** Counts changes, so that what was read before one is not kept after it. */
  #epoch = 0

  constructor(changeFeed: ChangeFeed, topic: string, read: (key: string) => Promise<Value>) {
    this.#read = read
    changeFeed.subscribe(topic, (key) => {
      this.#epoch++
      if (key === EVERYTHING) this.#known.clear()
      else this.#known.delete(key)
    })
  }

  /** At once when known. Rejects when storage is away. */
  find(key: string): Value | Promise<Value> {
    const known = this.#known.get(key)
    return known === undefined ? this.#load(key) : known.value
  }

  async #load(key: string): Promise<Value> {
    const epoch = this.#epoch
    const value = await this.#read(key)
    if (epoch !== this.#epoch) return value
    if (this.#known.size >= LIMIT) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break
    this.#known.set(key, { value })
    return value
  }
}
