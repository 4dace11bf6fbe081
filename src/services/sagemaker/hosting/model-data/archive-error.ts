/**
 * `corrupt`: no valid gzip or tar, or cut short; `refused`: an entry that is not unpacked for safety; `too-large`: over a
 * configured limit; `no-space`: the disk is full; `storage`: the disk failed otherwise.
 */
export type ArchiveErrorKind = 'corrupt' | 'refused' | 'too-large' | 'no-space' | 'storage'

/** Why an archive could not be unpacked. The message is one sentence for people, without the server's paths. */
export class ArchiveError extends Error {
  readonly kind: ArchiveErrorKind

  constructor(kind: ArchiveErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ArchiveError'
    this.kind = kind
  }
}

/** Turns what the file system throws into an ArchiveError; other errors pass through. */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ArchiveError || !('code' in error)) return error
  const { code } = error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ArchiveError('no-space', 'There is no space left on the disk for the model data.', error)
  }
  if (typeof code === 'string' && 'syscall' in error) {
    return new ArchiveError('storage', `The model data could not be written (${code}).`, error)
  }
  return error
}

/** An entry's name as it may stand in a message: printable, and not endless. */
export const shownName = (name: string): string => {
  const printable = name.replace(/[^\x20-\x7e]/g, '?')
  return printable.length > 100 ? `${printable.slice(0, 97)}...` : printable
}
