import type { DatabaseSync } from 'node:sqlite'
import type { Answer, Outcome, UnitMessage, WireResult } from './messages.ts'
import { isBusy, storageError } from './sqlite-error.ts'
import { bindable, narrowIntegers, StatementCache } from './statements.ts'

/** A unit's statement failed an expectation: rolls back to the unit's savepoint. */
class Unexpected {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}

/** Blocks this thread. */
export function pause(milliseconds: number): void {
  Atomics.wait(PAUSE_CELL, 0, 0, milliseconds)
}
const PAUSE_CELL = new Int32Array(new SharedArrayBuffer(4))

/** After how many milliseconds a commit takes no more units, so that writers of other processes get their turn. */
const LONGEST_TRANSACTION = 20
const MOST_UNITS = 2_000

/**
 * Commits many units in one synced transaction: each runs in a savepoint, so that one that fails goes alone.
 * For the writer thread; all of it blocks.
 */
export class GroupCommit {
  readonly #db: DatabaseSync
  readonly #statements: StatementCache

  /** `db` must have no busy timeout: SQLite's own waiting lets a writer starve for seconds. */
  constructor(db: DatabaseSync) {
    this.#db = db
    this.#statements = new StatementCache(db)
  }

  /**
   * Takes the write lock, polling for it: every 0.1 to 0.3 ms, and less often once it has taken long.
   * @throws StorageUnavailableError after `timeout` milliseconds, or the error of the disk
   */
  begin(timeout: number): void {
    const start = performance.now()
    for (;;) {
      try {
        return this.#run('begin immediate')
      } catch (error) {
        const waited = performance.now() - start
        if (!isBusy(error) || waited > timeout) throw storageError(error)
        pause(waited < 1_000 ? 0.1 + Math.random() * 0.2 : 5)
      }
    }
  }

  /** Runs units taken from `next` until there are none, or it has been long enough, then commits. Answers them all. */
  commit(next: () => UnitMessage | undefined): Answer[] {
    const start = performance.now()
    const answers: Answer[] = []
    let running: UnitMessage | undefined
    try {
      for (;;) {
        running = next()
        if (running === undefined) break
        const outcome = this.#apply(running)
        answers.push({ id: running.id, outcome })
        running = undefined
        // A full disk or a failing one makes SQLite roll back everything, the units before this one too.
        if (!this.#db.isTransaction) return failAll(answers, outcome)
        if (answers.length >= MOST_UNITS || performance.now() - start > LONGEST_TRANSACTION) break
      }
      this.#run('commit')
      return answers
    } catch (error) {
      this.#rollback()
      const outcome: Outcome = { type: 'failed', error: plain(storageError(error)) }
      if (running !== undefined) answers.push({ id: running.id, outcome })
      return failAll(answers, outcome)
    }
  }

  #apply(unit: UnitMessage): Outcome {
    const results: WireResult[] = []
    let sql: string | undefined
    try {
      this.#run('savepoint unit')
      for (const [index, statement] of unit.statements.entries()) {
        sql = statement.sql
        const result = this.#execute(sql, statement.parameters)
        if (statement.rows !== undefined && statement.rows !== result.affected) throw new Unexpected(index)
        results.push(result)
      }
      sql = undefined
      this.#run('release unit')
      return { type: 'committed', results }
    } catch (error) {
      if (this.#db.isTransaction) {
        this.#run('rollback to unit')
        this.#run('release unit')
      }
      if (error instanceof Unexpected) return { type: 'unexpected', index: error.index }
      return { type: 'failed', error: plain(storageError(error, sql)) }
    }
  }

  #execute(sql: string, parameters: readonly unknown[]): WireResult {
    const { statement, returnsRows } = this.#statements.get(sql)
    const values = bindable(parameters)
    if (!returnsRows) return { rows: [], affected: Number(statement.run(...values).changes) }
    statement.setReadBigInts(true)
    const rows = statement.all(...values)
    narrowIntegers(rows)
    return { rows, affected: rows.length }
  }

  #run(sql: string): void {
    this.#statements.get(sql).statement.run()
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#run('rollback')
    } catch {
      // SQLite has rolled back by itself.
    }
  }
}

const plain = (error: Error) => ({ name: error.name, message: error.message })

/** Units that failed by themselves keep their own answer; the others share the transaction's fate. */
function failAll(answers: readonly Answer[], outcome: Outcome): Answer[] {
  return answers.map((answer) => (answer.outcome.type === 'committed' ? { id: answer.id, outcome } : answer))
}
