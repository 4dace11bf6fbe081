import { createWriteStream } from 'node:fs'
import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import { unpackZip, type ZipLimits } from '../code/zip-archive.ts'
import { serviceFailure } from '../errors.ts'
import type { RunDirectory } from './run-directory.ts'
import type { UnprivilegedIds } from './unprivileged-ids.ts'

/** Unpacked code that an environment uses. Given back when the environment has ended. */
export interface UnpackedCode {
  readonly path: string
  /** Whoever has this group may read the code; undefined where processes keep the server's ids. */
  readonly group: number | undefined
  release(): void
}

interface Entry {
  readonly ready: Promise<{ readonly path: string; readonly group: number | undefined }>
  users: number
}

/** Unused code that is kept unpacked, for a function that is called now and then. */
const UNUSED_KEPT = 8

/** The code of functions, unpacked once a worker and shared by a function's environments. */
export class CodeCache {
  readonly #blobs: BlobStore
  readonly #directory: RunDirectory
  readonly #ids: UnprivilegedIds | undefined
  readonly #limits: ZipLimits
  /** By blob; what was used last is last. */
  readonly #entries = new Map<string, Entry>()

  constructor(blobs: BlobStore, directory: RunDirectory, ids: UnprivilegedIds | undefined, limits: ZipLimits) {
    this.#blobs = blobs
    this.#directory = directory
    this.#ids = ids
    this.#limits = limits
  }

  async use(blob: string): Promise<UnpackedCode> {
    const entry = this.#entries.get(blob) ?? { ready: this.#unpack(blob), users: 0 }
    this.#entries.delete(blob)
    this.#entries.set(blob, entry)
    entry.users += 1
    let released = false
    const release = () => {
      if (released) return
      released = true
      entry.users -= 1
      this.#dropUnused(UNUSED_KEPT)
    }
    try {
      return { ...(await entry.ready), release }
    } catch (error) {
      if (this.#entries.get(blob) === entry) this.#entries.delete(blob)
      throw error
    }
  }

  #dropUnused(keep: number): void {
    const unused = [...this.#entries].filter(([, entry]) => entry.users === 0)
    for (const [blob, entry] of unused.slice(0, Math.max(0, unused.length - keep))) {
      this.#entries.delete(blob)
      void entry.ready.then(async ({ path, group }) => {
        await this.#directory.remove(path).catch(() => {})
        if (group !== undefined) this.#ids?.giveBack(group)
      })
    }
  }

  async #unpack(blob: string): Promise<{ path: string; group: number | undefined }> {
    const group = this.#ids?.take()
    if (this.#ids !== undefined && group === undefined) throw serviceFailure('No group id is free for the code.')
    const folder = await this.#directory.make('private')
    const path = await this.#directory.make('code')
    try {
      const zip = join(folder, 'code.zip')
      await pipeline(await this.#blobs.read(blob), createWriteStream(zip, { flags: 'wx', mode: 0o600 }))
      await unpackZip(zip, path, group, this.#limits)
      if (group !== undefined) await chown(path, 0, group)
      return { path, group }
    } catch (error) {
      await this.#directory.remove(path)
      if (group !== undefined) this.#ids?.giveBack(group)
      throw error
    } finally {
      await this.#directory.remove(folder)
    }
  }
}
