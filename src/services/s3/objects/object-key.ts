import { invalidArgument, invalidUri, keyTooLong } from '../errors.ts'

const MAX_KEY_BYTES = 1024

/**
 * Refuses keys that S3 refuses. Anything else is a key: `..`, `//`, a leading slash and control characters mean
 * nothing here, because a key never becomes a path. The NUL character is the one no database holds.
 */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > MAX_KEY_BYTES) throw keyTooLong(bytes)
  if (bytes === 0 || key.includes('\0') || !key.isWellFormed()) throw invalidUri()
}

/** Without versioning every object has one version, named `null`. */
export function checkVersionId(versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== 'null') {
    throw invalidArgument('Invalid version id specified', 'versionId', versionId)
  }
}
