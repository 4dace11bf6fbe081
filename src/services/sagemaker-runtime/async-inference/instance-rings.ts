import type { Bell } from './bell.ts'

/** The bells of this worker's pumps, by queue. */
export class InstanceRings {
  readonly #bells = new Map<string, Set<Bell>>()
  readonly #returns = new Map<string, number>()

  add(queueId: string, bell: Bell): () => void {
    const bells = this.#bells.get(queueId) ?? new Set()
    this.#bells.set(queueId, bells.add(bell))
    return () => {
      bells.delete(bell)
      if (bells.size > 0) return
      this.#bells.delete(queueId)
      this.#returns.delete(queueId)
    }
  }

  /** How often this worker has put something back into the queue, as long as it has a pump for it. */
  returns(queueId: string): number {
    return this.#returns.get(queueId) ?? 0
  }

  givenBack(queueId: string): void {
    if (!this.#bells.has(queueId)) return
    this.#returns.set(queueId, this.returns(queueId) + 1)
    this.ring(queueId)
  }

  ring(queueId: string): void {
    for (const bell of this.#bells.get(queueId) ?? []) bell.ring()
  }

  ringAll(): void {
    for (const bells of this.#bells.values()) for (const bell of bells) bell.ring()
  }
}
