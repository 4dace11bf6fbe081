import {
  ConstraintViolation,
  StatementError,
  StorageFullError,
  StorageUnavailableError,
  UniqueViolation,
} from '../errors.ts'

/** SQLite's result codes (sqlite.org/rescode.html). The low byte is the primary code. */
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const PROTOCOL = 15
const CONSTRAINT = 19
const NOTADB = 26
const CONSTRAINT_UNIQUE = [1555, 2067, 2579]

const UNAVAILABLE: ReadonlySet<number> = new Set([
  BUSY,
  LOCKED,
  NOMEM,
  READONLY,
  IOERR,
  CORRUPT,
  CANTOPEN,
  PROTOCOL,
  NOTADB,
])

/** The extended result code of an error of node:sqlite; undefined for any other error. */
function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code : undefined
}

export const isBusy = (error: unknown): boolean => ((sqliteCode(error) ?? 0) & 0xff) === BUSY

/** An error of node:sqlite as one of storage/errors.ts. Names tables, columns and SQL, never values. */
export function storageError(error: unknown, sql?: string): Error {
  const text = error instanceof Error ? error.message : String(error)
  const code = sqliteCode(error)
  const where = sql === undefined ? '' : `, in: ${sql}`
  if (code === undefined) return new StatementError(`${text}${where}`, { cause: error })
  const primary = code & 0xff
  if (CONSTRAINT_UNIQUE.includes(code)) return new UniqueViolation(text)
  if (primary === CONSTRAINT) return new ConstraintViolation(text)
  if (primary === FULL) return new StorageFullError(`The disk of the database is full (${text})`)
  if (UNAVAILABLE.has(primary))
    return new StorageUnavailableError(`The database cannot be used: ${text} (SQLite code ${code})`)
  return new StatementError(`${text}${where}`)
}
