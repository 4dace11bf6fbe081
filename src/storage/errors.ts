/** What the database or the disk has to say. Every error of the storage layer is one. */
export class StorageError extends Error {
  override name = 'StorageError'
}

/** A row that breaks a constraint of its table (not null, check, foreign key). Only its own unit is rolled back. */
export class ConstraintViolation extends StorageError {
  override name = 'ConstraintViolation'
}

/** A row whose key is taken. */
export class UniqueViolation extends ConstraintViolation {
  override name = 'UniqueViolation'
}

/** The disk (or quota) is full. Nothing of the write was kept; a later one may succeed. */
export class StorageFullError extends StorageError {
  override name = 'StorageFullError'
}

/**
 * The database or the disk cannot be used now: locked, failing, closed, overloaded. A later try may succeed. When it was
 * lost during a commit, the unit may have been committed all the same.
 */
export class StorageUnavailableError extends StorageError {
  override name = 'StorageUnavailableError'
}

/** A statement that the database does not accept: a bug of the caller. Carries the SQL, never the values. */
export class StatementError extends StorageError {
  override name = 'StatementError'
}
