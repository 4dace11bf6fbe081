import { randomUUID } from 'node:crypto'
import type { ChangeFeed } from '../storage/change-feed.ts'
import type { Database, Statement } from '../storage/database.ts'
import { statement } from '../storage/statement.ts'
import type { Logger } from '../telemetry/log.ts'

/** The topic under which an instance is named that whoever looks after it is to look at. */
const INSTANCES_TOPIC = 'instances'
/** After this long, the hold of a worker that has died holds no more. */
const HOLD_MILLISECONDS = 10_000
const RENEW_MILLISECONDS = 3_000

interface InstanceHoldsDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly log: Logger
}

/**
 * Says for this worker which instances must not be ended yet: they are out of the routes, but still have its requests.
 * Kept in the database, where the one that is to end them looks.
 */
export class InstanceHolds {
  readonly #deps: InstanceHoldsDeps
  readonly #worker = randomUUID()
  readonly #held = new Set<string>()
  readonly #renewal: NodeJS.Timeout

  constructor(deps: InstanceHoldsDeps) {
    this.#deps = deps
    this.#renewal = setInterval(() => this.#write([...this.#held].map((id) => this.#holding(id))), RENEW_MILLISECONDS)
    this.#renewal.unref()
  }

  hold(instance: string): void {
    if (this.#held.has(instance)) return
    this.#held.add(instance)
    this.#write([this.#holding(instance)])
  }

  release(instance: string): void {
    if (!this.#held.delete(instance)) return
    const { database, changeFeed } = this.#deps
    this.#write([
      statement(
        database.query
          .deleteFrom('endpoint_holds')
          .where('instance_id', '=', instance)
          .where('worker', '=', this.#worker),
      ),
      changeFeed.announce({ topic: INSTANCES_TOPIC, key: instance }),
    ])
  }

  stop(): void {
    clearInterval(this.#renewal)
  }

  #holding(instance: string): Statement {
    const expires_at = this.#deps.now() + HOLD_MILLISECONDS
    return statement(
      this.#deps.database.query
        .insertInto('endpoint_holds')
        .values({ instance_id: instance, worker: this.#worker, expires_at })
        .onConflict((conflict) => conflict.columns(['instance_id', 'worker']).doUpdateSet({ expires_at })),
    )
  }

  #write(unit: readonly Statement[]): void {
    if (unit.length === 0) return
    this.#deps.database
      .commit(unit)
      .catch((err: unknown) => this.#deps.log.warn({ err }, 'requests on their way could not be noted'))
  }
}
