import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { ContentError, shownName } from './content-error.ts'
import { assertLinkStaysInside, entryPath, type TreeNode } from './entry-path.ts'
import type { TarEntry, TarHandler } from './tar-reader.ts'

export interface TreeLimits {
  /** All files together, in bytes. */
  readonly maximumBytes: number
  /** One file, in bytes. */
  readonly maximumFileBytes: number
  /** Files, directories and links. */
  readonly maximumEntries: number
}

export interface TreeSummary {
  readonly files: number
  readonly bytes: number
}

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
const EXECUTABLE = 0o100

/**
 * Writes an archive's entries below `root`, an empty directory that nobody else writes to. Files become readable by
 * everybody, since containers run as users of their own; set-uid bits and owners are dropped. Symbolic links are made
 * last, after all of them have been found to stay inside, so that nothing is ever written through one.
 *
 * Synchronous throughout: it runs in a thread of its own.
 */
export function createTreeWriter(root: string, limits: TreeLimits): TarHandler & { finish(): TreeSummary } {
  const tree = new Map<string, TreeNode>([['', 'directory']])
  const umask = process.umask()
  let entries = 0
  let files = 0
  let bytes = 0
  let open: { fd: number; name: string; mtime: number; size: number; write: (bytes: Buffer) => void } | undefined

  const refuse = (name: string, why: string) => new ContentError('refused', `The entry "${shownName(name)}" ${why}.`)

  /** Makes the directories above; what is already there has to be a directory. */
  function makeDirectory(path: string): void {
    const known = tree.get(path)
    if (known === 'directory') return
    if (known !== undefined) throw refuse(path, 'is both a file and a folder')
    makeDirectory(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
    mkdirSync(join(root, path), { mode: 0o755 })
    if ((umask & 0o755) !== 0) chmodSync(join(root, path), 0o755)
    tree.set(path, 'directory')
    countEntry()
  }

  function countEntry(): void {
    entries += 1
    if (entries <= limits.maximumEntries) return
    throw new ContentError('too-large', `The archive holds more than ${limits.maximumEntries} files.`)
  }

  /** Clears the way for a file or link. A later entry of the same name replaces the earlier, as tar does. */
  function claim(path: string, name: string): void {
    if (path === '') throw refuse(name, 'has no name')
    makeDirectory(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
    const known = tree.get(path)
    if (known === 'directory') throw refuse(name, 'is both a file and a folder')
    if (known === 'file') unlinkSync(join(root, path))
    countEntry()
  }

  function openFile(entry: TarEntry, path: string): void {
    if (entry.size > limits.maximumFileBytes) {
      const why = `The file "${shownName(entry.name)}" is larger than ${limits.maximumFileBytes} bytes.`
      throw new ContentError('too-large', why)
    }
    bytes += entry.size
    if (bytes > limits.maximumBytes) {
      throw new ContentError('too-large', `The archive unpacks to more than ${limits.maximumBytes} bytes.`)
    }
    claim(path, entry.name)
    const mode = (entry.mode & EXECUTABLE) === 0 ? 0o644 : 0o755
    const fd = openSync(join(root, path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
    const write = entry.sparse === undefined ? writeAll.bind(undefined, fd) : sparseWriter(fd, entry)
    open = { fd, name: entry.name, mtime: entry.mtime, size: entry.sparse === undefined ? -1 : entry.size, write }
    tree.set(path, 'file')
    files += 1
    if ((umask & mode) !== 0) fchmodSync(fd, mode)
  }

  function hardLink(entry: TarEntry, path: string): void {
    const target = entryPath(entry.linkName)
    if (tree.get(target) !== 'file') throw refuse(entry.name, 'is a hard link to no file of the archive')
    if (target === path) return
    claim(path, entry.name)
    linkSync(join(root, target), join(root, path))
    tree.set(path, 'file')
    files += 1
  }

  return {
    entry(entry) {
      const directory = entry.type === '5' || (entry.type === '0' && entry.name.endsWith('/'))
      if (entry.type === 'V') return
      const path = entryPath(entry.name)
      if (directory) return makeDirectory(path)
      if (entry.type === '0') return openFile(entry, path)
      if (entry.type === '1') return hardLink(entry, path)
      if (entry.type !== '2') throw refuse(entry.name, 'is neither a file, a folder nor a link')
      if (entry.linkName === '' || /[\0\ufffd]/.test(entry.linkName))
        throw refuse(entry.name, 'is a link to no valid path')
      claim(path, entry.name)
      tree.set(path, { link: entry.linkName })
    },
    data(chunk) {
      open?.write(chunk)
    },
    entryEnd() {
      if (open === undefined) return
      if (open.size >= 0) ftruncateSync(open.fd, open.size)
      futimesSync(open.fd, open.mtime, open.mtime)
      closeSync(open.fd)
      open = undefined
    },
    finish() {
      const links = [...tree].filter((item): item is [string, { link: string }] => typeof item[1] === 'object')
      for (const [path] of links) assertLinkStaysInside(tree, path)
      for (const [path, { link }] of links) symlinkSync(link, join(root, path))
      return { files, bytes }
    },
  }
}

function writeAll(fd: number, bytes: Buffer, position?: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at)
  }
}

/** Puts the stored bytes where the map says; the map has to fit into the file and hold no more than is stored. */
function sparseWriter(fd: number, { name, size, sparse = [] }: TarEntry): (bytes: Buffer) => void {
  const damaged = () => new ContentError('corrupt', `The map of the sparse file "${shownName(name)}" is damaged.`)
  if (sparse.some((piece) => piece.offset + piece.length > size)) throw damaged()
  const pieces = sparse.filter((piece) => piece.length > 0)
  let index = 0
  let done = 0
  return (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      const piece = pieces[index]
      if (piece === undefined) throw damaged()
      const take = Math.min(piece.length - done, bytes.length - at)
      writeAll(fd, bytes.subarray(at, at + take), piece.offset + done)
      at += take
      done += take
      if (done === piece.length) {
        index += 1
        done = 0
      }
    }
  }
}
