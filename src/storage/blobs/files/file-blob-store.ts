import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { BlobMissingError, type BlobSeal, type BlobStore, type WriteOptions, type WrittenBlob } from '../blob-store.ts'
import type { DigestName } from '../digests.ts'
import { fileError } from './file-error.ts'
import { receive } from './receive.ts'
import { SealedBlobStream } from './sealed-blob-stream.ts'
import { SlabWriter } from './slab-writer.ts'
import { isAbandoned, type TempOwner, tempName } from './temp-name.ts'

const BLOB_ID = /^[0-9a-f]{32}$/
const SHARDS = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))
const READ_CHUNK = 256 * 1024
const SWEEP_PAGE = 500

const SELF: TempOwner = { host: hostname(), pid: process.pid, token: randomBytes(6).toString('hex') }

/**
 * Blobs as files under `folder`: `<first two digits>/<id>`, and `tmp/` for what is being written. Any number of
 * processes may use the folder. Removes what writers that died have left in `tmp/`.
 * @throws StorageUnavailableError when the folder cannot be written to
 */
export async function openFileBlobStore(folder: string): Promise<BlobStore> {
  try {
    await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o700 })
    const present = new Set(await readdir(folder))
    const missing = SHARDS.filter((shard) => !present.has(shard))
    await Promise.all(missing.map((shard) => mkdir(join(folder, shard), { recursive: true, mode: 0o700 })))
    if (missing.length > 0) await syncFolder(folder)
    await removeAbandoned(join(folder, 'tmp'))
    return new FileBlobStore(folder)
  } catch (error) {
    throw fileError(error)
  }
}

class FileBlobStore implements BlobStore {
  readonly #folder: string
  readonly #slabs = new SlabWriter()

  constructor(folder: string) {
    this.#folder = folder
  }

  async write<D extends DigestName>(
    source: AsyncIterable<Uint8Array>,
    options: WriteOptions<D>,
  ): Promise<WrittenBlob<D> & { readonly blobId: string }> {
    const temp = join(this.#folder, 'tmp', tempName(SELF, randomBytes(8).toString('hex')))
    let file: FileHandle | undefined
    try {
      file = await open(temp, 'wx', 0o600)
      const written = await receive(source, file, this.#slabs, options)
      options.check?.(written)
      options.signal?.throwIfAborted()
      await file.sync()
      await file.close()
      const blobId = randomBytes(16).toString('hex')
      await rename(temp, this.#path(blobId))
      await syncFolder(this.#shard(blobId))
      return { blobId, ...written }
    } catch (error) {
      await file?.close().catch(() => {})
      await rm(temp, { force: true }).catch(() => {})
      throw fileError(error)
    }
  }

  async read(
    blobId: string,
    range?: { readonly start: number; readonly end: number },
    seal?: BlobSeal,
  ): Promise<Readable> {
    try {
      const file = await open(this.#path(blobId))
      if (seal === undefined) {
        return file.createReadStream({ start: range?.start, end: range?.end, highWaterMark: READ_CHUNK })
      }
      return await openSealed(file, blobId, seal, range ?? { start: 0, end: seal.size - 1 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new BlobMissingError(`There is no blob ${blobId}`)
      throw fileError(error)
    }
  }

  async remove(blobId: string): Promise<void> {
    try {
      await unlink(this.#path(blobId))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error)
    }
  }

  async sweepOrphans(options: Parameters<BlobStore['sweepOrphans']>[0]): Promise<number> {
    const { writtenBefore, referenced, signal } = options
    let removed = 0
    try {
      for (const shard of SHARDS) {
        const names = (await readdir(join(this.#folder, shard))).filter((name) => BLOB_ID.test(name))
        for (let at = 0; at < names.length; at += SWEEP_PAGE) {
          signal?.throwIfAborted()
          const old = await this.#writtenBefore(names.slice(at, at + SWEEP_PAGE), writtenBefore)
          if (old.length === 0) continue
          const kept = await referenced(old)
          const orphans = old.filter((blobId) => !kept.has(blobId))
          for (const blobId of orphans) await this.remove(blobId)
          removed += orphans.length
        }
      }
    } catch (error) {
      throw fileError(error)
    }
    return removed
  }

  close(): Promise<void> {
    return this.#slabs.close()
  }

  /** By the time of the rename, which is when the blob came to be; the last byte may have come long before. */
  async #writtenBefore(blobIds: readonly string[], time: number): Promise<string[]> {
    const old: string[] = []
    for (const blobId of blobIds) {
      const facts = await stat(this.#path(blobId)).catch(() => undefined)
      if (facts !== undefined && facts.ctimeMs < time) old.push(blobId)
    }
    return old
  }

  #shard(blobId: string): string {
    // Ids come from the database, but a path is not made from what is no id.
    if (!BLOB_ID.test(blobId)) throw new BlobMissingError('There is no such blob')
    return join(this.#folder, blobId.slice(0, 2))
  }

  #path(blobId: string): string {
    return join(this.#shard(blobId), blobId)
  }
}

async function openSealed(
  file: FileHandle,
  blobId: string,
  seal: BlobSeal,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Readable> {
  const stream = new SealedBlobStream(file, blobId, seal, start, Math.min(end, seal.size - 1))
  try {
    return await stream.begin()
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** Makes the names in a folder survive a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const facts = await stat(path).catch(() => undefined)
    if (facts === undefined || !isAbandoned(name, facts.mtimeMs, SELF, isAlive, Date.now())) continue
    await rm(path, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
