import {
  ConstraintViolation,
  StatementError,
  StorageError,
  StorageFullError,
  StorageUnavailableError,
  UniqueViolation,
} from '../errors.ts'

const UNIQUE_VIOLATION = '23505'
const DISK_FULL = '53100'
/** Connection lost, transaction rolled back, out of resources, being shut down, failing disk. */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58'])
const READ_ONLY_TRANSACTION = '25006'

/**
 * An error of a PostgreSQL driver as one of storage/errors.ts. Only the server's message is kept: its detail would show
 * values.
 */
export function storageError(error: unknown, sql?: string): Error {
  if (error instanceof StorageError) return error
  const text = error instanceof Error ? error.message : String(error)
  const state = (error as { code?: unknown } | null)?.code
  if (typeof state !== 'string' || !/^[0-9A-Z]{5}$/.test(state)) {
    return new StorageUnavailableError(`The database cannot be reached: ${text}`)
  }
  if (state === UNIQUE_VIOLATION) return new UniqueViolation(text)
  if (state === DISK_FULL) return new StorageFullError(`The disk of the database is full (${text})`)
  const kind = state.slice(0, 2)
  if (kind === '23') return new ConstraintViolation(text)
  if (UNAVAILABLE_CLASSES.has(kind) || state === READ_ONLY_TRANSACTION) {
    return new StorageUnavailableError(`The database cannot be used: ${text} (SQLSTATE ${state})`)
  }
  return new StatementError(sql === undefined ? text : `${text}, in: ${sql}`)
}
