import { ContentError, shownName } from './content-error.ts'

const MAXIMUM_SEGMENT_BYTES = 255

/** The part of a key behind its last slash: the name of the file that an uncompressed object becomes. */
export function fileNameOf(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1)
  assertSegment(name, key)
  return name
}

/**
 * Where the objects of a prefix go: key minus prefix, as a relative path. Keys that cannot be paths and keys that
 * clash (`weights` and `weights/part1`) fail the whole, as AWS documents for S3ModelDataSource. Throws ContentError.
 */
export function layOutPrefix<T extends { readonly key: string }>(
  prefix: string,
  objects: readonly T[],
): (T & { readonly path: string })[] {
  const files = new Set<string>()
  const directories = new Set<string>()
  const placed = objects.map((object) => {
    const path = object.key.slice(prefix.length)
    const segments = path.split('/')
    for (const segment of segments) assertSegment(segment, object.key)
    for (let depth = 1; depth < segments.length; depth += 1) directories.add(segments.slice(0, depth).join('/'))
    files.add(path)
    return { ...object, path }
  })
  for (const path of files) {
    if (!directories.has(path)) continue
    throw new ContentError('refused', `The key "${shownName(prefix + path)}" is both an object and a folder.`)
  }
  return placed
}

/** The names that AWS refuses; whatever is left is a name that every Linux file system takes. */
function assertSegment(segment: string, key: string): void {
  const refuse = (why: string) => new ContentError('refused', `The key "${shownName(key)}" ${why}.`)
  if (segment.trim() === '') throw refuse('has an empty or blank name in its path')
  if (segment === '.' || segment === '..') throw refuse('has "." or ".." in its path')
  if (segment.includes('\0')) throw refuse('has a NUL in its path')
  if (Buffer.byteLength(segment) > MAXIMUM_SEGMENT_BYTES) {
    throw refuse(`has a name of more than ${MAXIMUM_SEGMENT_BYTES} bytes in its path`)
  }
}
