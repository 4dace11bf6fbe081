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
  /** Names this worker. */
  readonly worker: string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly log: Logger
}

/**
 * Says for this worker which instances it has let go of, and which of them must not be ended yet: they are out of the
 * routes, but still have its requests. Kept in the database, where the one that is to end them looks.
 */
export class InstanceHolds {
  readonly #deps: InstanceHoldsDeps
  readonly #held = new Set<string>()
  readonly #renewal: NodeJS.Timeout

  constructor(deps: InstanceHoldsDeps) {
    this.#deps = deps
    this.#renewal = setInterval(() => this.#write([...this.#held].map((id) => this.#word(id))), RENEW_MILLISECONDS)
    this.#renewal.unref()
  }

  /** It is out of the routes and still has requests. */
  hold(instance: string): void {
    if (this.#held.has(instance)) return
    this.#held.add(instance)
    this.#tell(instance)
  }

  /** It has answered the last of them. */
  release(instance: string): void {
    if (this.#held.delete(instance)) this.#tell(instance)
  }

  /** It is out of the routes, if it has ever been in them; with requests or without. */
  letGo(instance: string): void {
    this.#tell(instance)
  }

  stop(): void {
    clearInterval(this.#renewal)
  }

  #tell(instance: string): void {
    this.#write([this.#word(instance), this.#deps.changeFeed.announce({ topic: INSTANCES_TOPIC, key: instance })])
  }

  /** How it stands now, whatever was written before. Nothing is written of an instance that is gone. */
  #word(instance: string): Statement {
    const expires_at = this.#held.has(instance) ? this.#deps.now() + HOLD_MILLISECONDS : 0
    const { database, worker } = this.#deps
    return statement(
      database.query
        .insertInto('endpoint_holds')
        .columns(['instance_id', 'worker', 'expires_at'])
        .expression((of) =>
          of
            .selectFrom('endpoint_instances')
            .select(({ ref, val, cast }) => [
              ref('id').as('instance_id'),
              cast<string>(val(worker), 'text').as('worker'),
              cast<number>(val(expires_at), 'bigint').as('expires_at'),
            ])
            .where('id', '=', instance),
        )
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
