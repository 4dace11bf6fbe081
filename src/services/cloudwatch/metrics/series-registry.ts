import type { Database } from '../../../storage/database.ts'
import { none, statement } from '../../../storage/statement.ts'
import { tooManyMetrics } from '../errors.ts'
import type { Series } from './series.ts'

/** A series that is written to is marked as alive this often. */
const TOUCH_MILLISECONDS = 5 * 60_000
/** Series that a worker remembers to exist. */
const REMEMBERED = 50_000
/** Rows of one insert. */
const CHUNK = 500

/** Who makes a series: a caller, the server for what it observes, or the server for what others tell as well. */
export type SeriesOwner = 'caller' | 'server' | 'spare'

/** How many series there may be for one more to be made, as a part of the limit. */
const SHARES: Readonly<Record<SeriesOwner, number>> = { caller: 1, server: 2, spare: 0.5 }

/** Knows which series exist, so that writing to one that does costs no statement. */
export class SeriesRegistry {
  readonly #database: Database
  readonly #limit: number
  /** When each series was last marked, by id. */
  readonly #touched = new Map<string, number>()

  constructor(database: Database, limit: number) {
    this.#database = database
    this.#limit = limit
  }

  /**
   * Makes sure that these series of one account and region exist and count as alive. The server's own may be made when
   * the caller's have used up the limit, up to twice of it; what is spare leaves half of it to others.
   * @throws LimitExceeded, and then none of them is made
   */
  async ensure(series: readonly Series[], now: number, whose: SeriesOwner): Promise<void> {
    const limit = Math.floor(SHARES[whose] * this.#limit)
    const stale = series.filter(
      ({ id }) => (this.#touched.get(id) ?? Number.NEGATIVE_INFINITY) < now - TOUCH_MILLISECONDS,
    )
    if (stale.length === 0) return
    const { query } = this.#database
    const rows = [...new Map(stale.map((one) => [one.id, { ...one, last_at: now }])).values()]
    const inserts = []
    for (let i = 0; i < rows.length; i += CHUNK) {
      inserts.push(
        statement(
          query
            .insertInto('cloudwatch_series')
            .values(rows.slice(i, i + CHUNK))
            .onConflict((conflict) =>
              conflict.column('id').doUpdateSet((eb) => ({ last_at: eb.ref('excluded.last_at') })),
            ),
        ),
      )
    }
    const { account, region } = rows[0] as Series
    const beyond = query
      .selectFrom('cloudwatch_series')
      .select('id')
      .where('account', '=', account)
      .where('region', '=', region)
      .offset(limit)
      .limit(1)
    const allKnown = rows.every(({ id }) => this.#touched.has(id))
    // An account at its limit goes on writing to what it has.
    const guard = allKnown
      ? []
      : [
          statement(
            beyond,
            none(() => tooManyMetrics(limit)),
          ),
        ]
    await this.#database.commit([...inserts, ...guard])
    for (const { id } of rows) this.#remember(id, now)
  }

  /** Whether this worker has met the series. */
  knows({ id }: Series): boolean {
    return this.#touched.has(id)
  }

  #remember(id: string, now: number): void {
    this.#touched.delete(id)
    if (this.#touched.size >= REMEMBERED) this.#touched.delete(this.#touched.keys().next().value as string)
    this.#touched.set(id, now)
  }
}
