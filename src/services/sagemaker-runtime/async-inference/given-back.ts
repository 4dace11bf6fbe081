import type { Statement } from '../../../storage/database.ts'
import type { AsyncDeps } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import type { InstanceRings } from './instance-rings.ts'

/** Gives requests back to their queue, later where storage does not let it: what is claimed by an item nobody else would give back. */
export class GivenBack {
  readonly #deps: AsyncDeps
  readonly #bells: InstanceRings
  readonly #queueId: string
  readonly #instanceId: string
  readonly #stranded: Statement[] = []

  constructor(deps: AsyncDeps, bells: InstanceRings, queueId: string, instanceId: string) {
    this.#deps = deps
    this.#bells = bells
    this.#queueId = queueId
    this.#instanceId = instanceId
  }

  /** Whether there are some that could not be given back yet. */
  get areStranded(): boolean {
    return this.#stranded.length > 0
  }

  /** What was taken and not begun with, which others may have. */
  untouched(requests: readonly ClaimedRequest[]): Promise<void> {
    return this.statements(requests.map((request) => this.#deps.queue.giveBack(request, false)))
  }

  async statements(back: readonly Statement[]): Promise<void> {
    if (back.length === 0) return
    await this.#commit(back).catch((err: unknown) => {
      const about = { err, instance: this.#instanceId, count: back.length }
      this.#deps.log.warn(about, 'asynchronous requests could not be put back yet')
      this.#stranded.push(...back)
    })
  }

  async again(): Promise<void> {
    const stranded = this.#stranded.splice(0)
    if (stranded.length === 0) return
    await this.#commit(stranded).catch(() => this.#stranded.push(...stranded))
  }

  async #commit(statements: readonly Statement[]): Promise<void> {
    await this.#deps.database.commit(statements)
    this.#bells.givenBack(this.#queueId)
  }
}
