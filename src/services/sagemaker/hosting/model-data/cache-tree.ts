import { createHash } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What a model's folder holds. */
export interface TreeMeasure {
  readonly files: number
  /** Sum of the files' sizes. */
  readonly bytes: number
  /** Of every path and size, to tell whether a folder is still what it was. */
  readonly digest: string
}

/** Measures a folder without following links. */
export async function measureTree(root: string): Promise<TreeMeasure> {
  const hash = createHash('sha256')
  let files = 0
  let bytes = 0
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(join(root, path), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = `${path}/${entry.name}`
      if (entry.isDirectory()) {
        await walk(child)
      } else if (entry.isFile()) {
        const { size } = await lstat(join(root, child))
        files += 1
        bytes += size
        hash.update(`${child}\0${size}\0`)
      } else {
        hash.update(`${child}\0link\0`)
      }
    }
  }
  await walk('')
  return { files, bytes, digest: hash.digest('hex') }
}
