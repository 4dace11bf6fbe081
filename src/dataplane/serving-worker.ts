import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../storage/database.ts'
import { statement } from '../storage/statement.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Route } from './route.ts'
import type { RouteLoader } from './route-table.ts'

/** After this long without a sign of life, a worker is not waited for. */
const LIFE_MILLISECONDS = 10_000
const RENEW_MILLISECONDS = 3_000

interface ServingWorkerDeps {
  readonly database: Database
  /** Epoch milliseconds. */
  readonly now: () => number
  /** This worker's place in the server: whoever was in it before has ended. */
  readonly slot: string
  /** Whether there is anything that this worker sends requests to. */
  readonly serves: () => boolean
  readonly log: Logger
}

/**
 * Says in the database that this worker has routes, so that whoever is to end an instance waits until the worker has let
 * go of it. A worker that nobody has invoked anything through says nothing, and writes nothing.
 */
export class ServingWorker {
  /** Names this worker; never the same twice. */
  readonly id = randomUUID()
  readonly #deps: ServingWorkerDeps
  readonly #renewal: NodeJS.Timeout
  /** Counts how often it was said that this worker serves: what has been read in one term is not to be used in another. */
  #term = 0
  #joining: Promise<void> | undefined

  constructor(deps: ServingWorkerDeps) {
    this.#deps = deps
    this.#renewal = setInterval(() => this.#renew(), RENEW_MILLISECONDS)
    this.#renewal.unref()
  }

  /** Forgets the worker that was in this one's place. */
  async start(): Promise<void> {
    await this.#deps.database.commit([this.#leaving()])
  }

  /** Whether others have been told that this worker has routes. */
  get isKnown(): boolean {
    return this.#joining !== undefined
  }

  /** Loads a route after it has been said that this worker has some: nobody may miss a worker that sends requests. */
  loader(load: RouteLoader): RouteLoader {
    return async (key) => {
      for (;;) {
        const term = await this.#join()
        const route = await load(key)
        if (term === this.#term || !hasInstances(route)) return route
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#renewal)
    if (this.isKnown) await this.#deps.database.commit([this.#leaving()]).catch(() => {})
  }

  async #join(): Promise<number> {
    if (this.#joining === undefined) {
      this.#term++
      const joining = this.#deps.database.commit([this.#living()]).then(() => {})
      this.#joining = joining
      joining.catch(() => {
        if (this.#joining === joining) this.#joining = undefined
      })
    }
    const term = this.#term
    await this.#joining
    return term
  }

  #renew(): void {
    if (!this.isKnown) return
    const unit = this.#deps.serves() ? [this.#living()] : [this.#leaving()]
    if (!this.#deps.serves()) {
      this.#joining = undefined
      this.#term++
    }
    this.#deps.database
      .commit(unit)
      .catch((err: unknown) => this.#deps.log.warn({ err }, 'it could not be noted that this worker serves'))
  }

  #living(): Statement {
    const values = { worker: this.id, expires_at: this.#deps.now() + LIFE_MILLISECONDS }
    return statement(
      this.#deps.database.query
        .insertInto('serving_workers')
        .values({ slot: this.#deps.slot, ...values })
        .onConflict((conflict) => conflict.column('slot').doUpdateSet(values)),
    )
  }

  #leaving(): Statement {
    return statement(this.#deps.database.query.deleteFrom('serving_workers').where('slot', '=', this.#deps.slot))
  }
}

const hasInstances = (route: Route | undefined): boolean =>
  route?.variants.some(({ instances }) => instances.length > 0) === true
