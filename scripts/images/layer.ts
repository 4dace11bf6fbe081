import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'

/** One layer of an image: a gzipped tar file on disk and the digests that name it. */
export interface Layer {
  readonly file: string
  /** Digest of the gzipped bytes, as in the manifest. */
  readonly digest: string
  /** Digest of the tar bytes, as in the image's configuration. */
  readonly diffId: string
  /** Of the gzipped bytes. */
  readonly size: number
}

/**
 * Packs a directory into a layer. The same content gives the same digests each time: entries are sorted, owned by root
 * and dated 1970.
 */
export async function buildLayer(directory: string, file: string): Promise<Layer> {
  const tar = pack()
  const plain = createHash('sha256')
  const zipped = createHash('sha256')
  const counter = { bytes: 0 }
  const written = pipeline(
    tar,
    hashing(plain),
    createGzip({ level: 3 }),
    hashing(zipped, counter),
    createWriteStream(file),
  )
  const filled = addDirectory(tar, directory, '').then(() => tar.finalize())
  filled.catch((error: Error) => tar.destroy(error))
  await Promise.all([written, filled])
  return {
    file,
    digest: `sha256:${zipped.digest('hex')}`,
    diffId: `sha256:${plain.digest('hex')}`,
    size: counter.bytes,
  }
}

function hashing(hash: Hash, counter?: { bytes: number }): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      if (counter !== undefined) counter.bytes += chunk.length
      done(null, chunk)
    },
  })
}

async function addDirectory(tar: Pack, root: string, path: string): Promise<void> {
  const names = (await readdir(join(root, path))).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const name of names) {
    const child = path === '' ? name : `${path}/${name}`
    const source = join(root, child)
    const stats = await lstat(source)
    if (stats.isDirectory()) {
      await addEntry(tar, { ...header(child, stats), type: 'directory' })
      await addDirectory(tar, root, child)
    } else if (stats.isSymbolicLink()) {
      await addEntry(tar, { ...header(child, stats), type: 'symlink', linkname: await readlink(source) })
    } else if (stats.isFile()) {
      await pipeline(createReadStream(source), tar.entry({ ...header(child, stats), type: 'file', size: stats.size }))
    } else {
      throw new Error(`${source} is neither a file, a directory nor a symbolic link`)
    }
  }
}

const header = (name: string, stats: Stats) => ({ name, mode: stats.mode & 0o7777, uid: 0, gid: 0, mtime: new Date(0) })

function addEntry(tar: Pack, entry: Parameters<Pack['entry']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(entry, (error) => (error ? reject(error) : resolve()))
  })
}
