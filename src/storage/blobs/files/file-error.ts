import { StorageError, StorageFullError, StorageUnavailableError } from '../../errors.ts'

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** An error of the file system as one of storage/errors.ts; any other error as it is. */
export function fileError(error: unknown): unknown {
  if (error instanceof StorageError) return error
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || syscall === undefined) return error
  if (FULL.has(code)) return new StorageFullError(`The disk of the object store is full (${code})`)
  return new StorageUnavailableError(`The object store cannot be used: ${message}`, { cause: error })
}
