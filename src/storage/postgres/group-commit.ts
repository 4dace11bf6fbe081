import type { Statement, StatementResult } from '../database.ts'
import { StorageUnavailableError } from '../errors.ts'
import type { PostgresClient, PostgresQuery } from './postgres-client.ts'
import { storageError } from './postgres-error.ts'
import { bindable, normalizedRows } from './postgres-values.ts'

/** The advisory lock of all units: they run one after another, as on SQLite, so that a guard cannot be overtaken. */
export const WRITE_LOCK = 'select pg_advisory_xact_lock(5403711)'
const MOST_UNITS = 200
/** Beyond this many waiting units the next ones are refused. */
const MOST_WAITING = 100_000

interface Pending {
  readonly unit: readonly Statement[]
  readonly resolve: (results: readonly StatementResult[]) => void
  readonly reject: (error: Error) => void
}

type Outcome = { readonly results: readonly StatementResult[] } | { readonly error: Error }

/** Commits all units that are waiting in one transaction, each in a savepoint, so that one that fails goes alone. */
export class GroupCommit {
  /** How many transactions have been committed. */
  commits = 0
  readonly #client: PostgresClient
  readonly #onCommit: (unit: readonly Statement[]) => void
  #waiting: Pending[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(client: PostgresClient, onCommit: (unit: readonly Statement[]) => void) {
    this.#client = client
    this.#onCommit = onCommit
  }

  commit(unit: readonly Statement[]): Promise<readonly StatementResult[]> {
    if (this.#closed) return Promise.reject(new StorageUnavailableError('The database is closed'))
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(
        new StorageUnavailableError(`More than ${MOST_WAITING} writes are waiting for the database`),
      )
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ unit, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Refuses further units and resolves when the waiting ones are committed. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // Lets the callers of this turn join.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_UNITS)
      const outcomes = await this.#commitBatch(batch)
      for (const [index, pending] of batch.entries()) {
        const outcome = outcomes[index] as Outcome
        if ('error' in outcome) {
          pending.reject(outcome.error)
        } else {
          this.#onCommit(pending.unit)
          pending.resolve(outcome.results)
        }
      }
    }
    this.#running = undefined
  }

  async #commitBatch(batch: readonly Pending[]): Promise<readonly Outcome[]> {
    try {
      const outcomes = await this.#client.transaction(async (query) => {
        await query(WRITE_LOCK, [])
        const done: Outcome[] = []
        for (const { unit } of batch) done.push(await apply(unit, query))
        return done
      })
      this.commits++
      return outcomes
    } catch (error) {
      const failure = storageError(error)
      return batch.map(() => ({ error: failure }))
    }
  }
}

async function apply(unit: readonly Statement[], query: PostgresQuery): Promise<Outcome> {
  await query('savepoint unit', [])
  let error: Error
  try {
    const results: StatementResult[] = []
    for (const statement of unit) results.push(await execute(statement, query))
    await query('release savepoint unit', [])
    return { results }
  } catch (failure) {
    error = failure as Error
  }
  // Rejects when the connection is gone: then the whole batch fails.
  await query('rollback to savepoint unit', [])
  await query('release savepoint unit', [])
  return { error }
}

async function execute(statement: Statement, query: PostgresQuery): Promise<StatementResult> {
  const { sql, parameters } = statement.query
  const answer = await query(sql, bindable(parameters)).catch((error: unknown) => {
    throw storageError(error, sql)
  })
  const rows = normalizedRows(answer)
  const affected = answer.fields.length > 0 ? rows.length : (answer.affectedRows ?? 0)
  if (statement.expect !== undefined && statement.expect.rows !== affected) throw statement.expect.otherwise()
  return { rows, affected }
}
