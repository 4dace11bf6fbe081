import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** A statement that stays compiled, with what is known of it. */
export interface PreparedStatement {
  readonly statement: StatementSync
  readonly returnsRows: boolean
}

/** The compiled statements of one connection; the longest unused goes first. */
export class StatementCache {
  readonly #db: DatabaseSync
  readonly #capacity: number
  readonly #statements = new Map<string, PreparedStatement>()

  constructor(db: DatabaseSync, capacity = 500) {
    this.#db = db
    this.#capacity = capacity
  }

  get(sql: string): PreparedStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) {
      this.#statements.delete(sql)
      this.#statements.set(sql, known)
      return known
    }
    const statement = this.#db.prepare(sql)
    const prepared = { statement, returnsRows: statement.columns().length > 0 }
    if (this.#statements.size >= this.#capacity) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest)
        break
      }
    }
    this.#statements.set(sql, prepared)
    return prepared
  }

  clear(): void {
    this.#statements.clear()
  }
}

/** SQLite has no booleans; everything else is bound as it is. */
export function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : (value as SQLInputValue)))
}

/** Turns bigints that a number can hold into numbers, in place. */
export function narrowIntegers(rows: readonly Record<string, unknown>[]): void {
  for (const row of rows) {
    for (const name in row) {
      const value = row[name]
      if (typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) {
        row[name] = Number(value)
      }
    }
  }
}
