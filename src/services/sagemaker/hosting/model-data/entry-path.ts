import { ContentError, shownName } from './content-error.ts'

/** What file systems allow for one name, and for a path with room for the directory it is put in. */
const MAXIMUM_SEGMENT_BYTES = 255
const MAXIMUM_PATH_BYTES = 3072

/**
 * An entry's name as a relative path: `./` and doubled slashes removed, empty for the folder itself. Throws
 * ContentError for whatever could lead out of the folder or cannot be a file's name.
 */
export function entryPath(name: string): string {
  const refuse = (why: string) => new ContentError('refused', `The entry "${shownName(name)}" ${why}.`)
  if (name.startsWith('/')) throw refuse('has an absolute path')
  if (name.includes('\0')) throw refuse('has a NUL in its path')
  if (name.includes('\ufffd')) throw refuse('has a name that is not UTF-8')
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.includes('..')) throw refuse('leads out of the model folder')
  if (segments.some((segment) => Buffer.byteLength(segment) > MAXIMUM_SEGMENT_BYTES)) {
    throw refuse(`has a name of more than ${MAXIMUM_SEGMENT_BYTES} bytes`)
  }
  const path = segments.join('/')
  if (Buffer.byteLength(path) > MAXIMUM_PATH_BYTES) throw refuse('has a path that is too long')
  return path
}

/** What a tree that is being unpacked holds at a path. */
export type TreeNode = 'directory' | 'file' | { readonly link: string }

const MAXIMUM_HOPS = 40

/**
 * Follows a symbolic link of the tree as the kernel would and throws ContentError if that ever leaves the tree: a
 * chain of harmless looking links can. What does not exist is followed by its name alone.
 */
export function assertLinkStaysInside(tree: ReadonlyMap<string, TreeNode>, path: string): void {
  const refuse = (why: string) => new ContentError('refused', `The symbolic link "${shownName(path)}" ${why}.`)
  const pending = path.split('/').reverse()
  const reached: string[] = []
  let hops = 0
  for (;;) {
    const segment = pending.pop()
    if (segment === undefined) return
    if (segment === '' || segment === '.') continue
    if (segment === '..') {
      if (reached.pop() === undefined) throw refuse('leads out of the model folder')
      continue
    }
    reached.push(segment)
    const node = tree.get(reached.join('/'))
    if (typeof node !== 'object') continue
    if (node.link.startsWith('/')) throw refuse('leads out of the model folder')
    hops += 1
    if (hops > MAXIMUM_HOPS) throw refuse('leads nowhere')
    reached.pop()
    pending.push(...node.link.split('/').reverse())
  }
}
