import { StorageError, StorageFullError, StorageUnavailableError } from '../../errors.ts'

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** An error of the file system as one of storage/errors.ts; any other error as it is. */
export function fileError(error: unknown): unknown {
  if (error instanceof StorageError) return error
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || syscall === undefined) return error
  if (FULL.has(code)) return new StorageFullError(`The disk of the object store is full (${code})`)
  // The cause has the path: the message may reach those whose request it was, whom it does not concern.
  return new StorageUnavailableError(`The object store cannot be used (${code}: ${reasonOf(message)})`, {
    cause: error,
  })
}

/** Of `EIO: i/o error, read`, or `EROFS: read-only file system, open '…'`, what is between. */
const reasonOf = (message: string): string => /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? 'it failed'
