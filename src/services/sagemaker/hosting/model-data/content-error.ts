import { BlobCorruptError, BlobMissingError } from '../../../../storage/blobs/blob-store.ts'

/**
 * `corrupt`: no valid gzip or tar, or cut short; `refused`: a name that is not placed for safety, or a clash of names;
 * `too-large`: over a configured limit; `no-space`: the disk is full; `storage`: the disk failed otherwise; `lost`: the
 * object's own bytes are gone or not what was written, and will not be right again.
 */
export type ContentErrorKind = 'corrupt' | 'refused' | 'too-large' | 'no-space' | 'storage' | 'lost'

/** Why model data could not be placed in a folder. The message is one sentence for people, without the server's paths. */
export class ContentError extends Error {
  readonly kind: ContentErrorKind

  constructor(kind: ContentErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ContentError'
    this.kind = kind
  }
}

/** Turns what the file system throws into an ContentError; other errors pass through. */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ContentError || !('code' in error)) return error
  const { code } = error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ContentError('no-space', 'There is no space left on the disk for the model data.', error)
  }
  if (typeof code === 'string' && 'syscall' in error) {
    return new ContentError('storage', `The model data could not be written (${code}).`, error)
  }
  return error
}

/** Turns what the object store throws where it cannot read an object into a ContentError; other errors pass through. */
export function readingError(error: unknown): unknown {
  if (error instanceof BlobMissingError)
    return new ContentError('lost', 'What is stored of the object is gone: upload it again.', error)
  if (error instanceof BlobCorruptError)
    return new ContentError('lost', 'What is stored of the object is damaged: upload it again.', error)
  const code = systemCode(error) ?? systemCode((error as Error).cause)
  return code === undefined
    ? error
    : new ContentError('storage', `The object store could not be read (${code}).`, error)
}

/** The code of what the file system throws, such as EIO. */
const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** An entry's name as it may stand in a message: printable, and not endless. */
export const shownName = (name: string): string => {
  const printable = name.replace(/[^\x20-\x7e]/g, '?')
  return printable.length > 100 ? `${printable.slice(0, 97)}...` : printable
}
