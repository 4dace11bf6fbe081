import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Claim, claimedBy, sweepClaims, takeClaim } from './cache-claim.ts'
import type { CacheEntry } from './cache-eviction.ts'
import { measureTree } from './cache-tree.ts'

/*
 * On disk, below the cache's directory:
 *   entries/KEY/model/…   the folder that containers mount     entries/KEY/complete.json   what it has to hold
 *   partial/KEY.TOKEN/…   a download of whoever holds the claim with that token
 *   claims/KEY            who downloads or drops KEY           trash/UUID                  being deleted
 * An entry appears and disappears by one rename. The marker's modification time is when the entry was last used.
 */

const markerSchema = z.object({
  files: z.int(),
  bytes: z.int(),
  digest: z.string(),
  /** The machine's boot in which the content was last known to be whole. */
  boot: z.string(),
})
type Marker = z.output<typeof markerSchema>

export interface CacheHit {
  readonly path: string
  readonly files: number
  readonly bytes: number
}

const MARKER = 'complete.json'
const MODEL = 'model'

/** The files of the model cache; several processes may use one directory at once. */
export class CacheStore {
  readonly claims: string
  readonly #entries: string
  readonly #partial: string
  readonly #trash: string
  readonly #boot: string

  private constructor(directory: string, boot: string) {
    this.#entries = join(directory, 'entries')
    this.#partial = join(directory, 'partial')
    this.#trash = join(directory, 'trash')
    this.claims = join(directory, 'claims')
    this.#boot = boot
  }

  static async open(directory: string): Promise<CacheStore> {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => randomUUID())
    const store = new CacheStore(directory, boot.trim())
    for (const path of [store.#entries, store.#partial, store.#trash, store.claims]) {
      await mkdir(path, { recursive: true, mode: 0o700 })
    }
    return store
  }

  /**
   * The entry if it is complete, marked as used now. Not while its claim is held: then it may be on its way out, and
   * the caller has to look again.
   */
  async use(key: string): Promise<CacheHit | undefined> {
    const hit = await this.#touch(key)
    // First touched, then looked whether somebody drops it: who drops looks at the time after claiming.
    return hit === undefined || (await claimedBy(this.claims, key)) !== undefined ? undefined : hit
  }

  /** The same for the holder of the claim, who thereby also clears away an entry that is damaged. */
  async useClaimed(key: string): Promise<CacheHit | undefined> {
    const hit = await this.#touch(key)
    if (hit === undefined) await this.#discard(join(this.#entries, key))
    return hit
  }

  async #touch(key: string): Promise<CacheHit | undefined> {
    const marker = await this.#verified(key)
    if (marker === undefined) return undefined
    const now = new Date()
    try {
      await utimes(join(this.#entries, key, MARKER), now, now)
    } catch {
      return undefined
    }
    return { path: this.pathOf(key), files: marker.files, bytes: marker.bytes }
  }

  /** Where an entry's folder is; what a container's mount source is compared with. */
  pathOf(key: string): string {
    return join(this.#entries, key, MODEL)
  }

  /** The directory that the holder of a claim downloads into, and the model's folder within, which it has to make. What a dead holder has left goes. */
  async begin(key: string, { token, orphan }: Claim): Promise<{ readonly directory: string; readonly model: string }> {
    if (orphan !== undefined) await this.#discard(join(this.#partial, `${key}.${orphan}`))
    const directory = join(this.#partial, `${key}.${token}`)
    await mkdir(directory)
    await chmod(directory, 0o755)
    return { directory, model: join(directory, MODEL) }
  }

  /** Puts a finished download in place; if another has done so meanwhile, that one stays. */
  async publish(key: string, directory: string): Promise<CacheHit> {
    const { files, bytes, digest } = await measureTree(join(directory, MODEL))
    await writeFile(
      join(directory, MARKER),
      JSON.stringify({ files, bytes, digest, boot: this.#boot } satisfies Marker),
    )
    try {
      await rename(directory, join(this.#entries, key))
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST')
      if (!taken || (await this.#verified(key)) === undefined) throw error
      await this.#discard(directory)
    }
    return { path: this.pathOf(key), files, bytes }
  }

  async abandon(directory: string): Promise<void> {
    await this.#discard(directory)
  }

  async list(): Promise<CacheEntry[]> {
    const found: CacheEntry[] = []
    for (const key of await readdir(this.#entries)) {
      const file = join(this.#entries, key, MARKER)
      const [marker, info] = await Promise.all([readMarker(file), stat(file).catch(() => undefined)])
      if (marker !== undefined && info !== undefined) found.push({ key, bytes: marker.bytes, lastUsed: info.mtimeMs })
    }
    return found
  }

  /** Drops an entry unless it was used since `seen`, or somebody is at it. */
  async drop({ key, lastUsed: seen }: CacheEntry): Promise<boolean> {
    const claim = await takeClaim(this.claims, key)
    if (claim === undefined) return false
    try {
      const info = await stat(join(this.#entries, key, MARKER)).catch(() => undefined)
      if (info === undefined || info.mtimeMs !== seen) return false
      await this.#discard(join(this.#entries, key))
      return true
    } finally {
      await claim.release()
    }
  }

  /** Removes what crashed processes have left: downloads without a living claim, unfinished deletions, dead claims. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#trash)) await remove(join(this.#trash, name))
    for (const name of await readdir(this.#partial)) {
      const [key = '', token] = name.split('.')
      if ((await claimedBy(this.claims, key)) !== token) await this.#discard(join(this.#partial, name))
    }
    await sweepClaims(this.claims)
  }

  /** The marker, if the content is what it says. After a reboot that is not taken on trust: files are not synced. */
  async #verified(key: string): Promise<Marker | undefined> {
    const directory = join(this.#entries, key)
    const marker = await readMarker(join(directory, MARKER))
    if (marker === undefined || marker.boot === this.#boot) return marker
    const measured = await measureTree(join(directory, MODEL)).catch(() => undefined)
    if (measured?.digest !== marker.digest) return undefined
    const draft = join(directory, `.${MARKER}.${randomUUID()}`)
    await writeFile(draft, JSON.stringify({ ...marker, boot: this.#boot } satisfies Marker))
    await rename(draft, join(directory, MARKER))
    return marker
  }

  /** Away at once by a rename, then deleted. What is not there any more is fine. */
  async #discard(directory: string): Promise<void> {
    const trash = join(this.#trash, randomUUID())
    const moved = await rename(directory, trash).then(
      () => true,
      () => false,
    )
    if (moved) await remove(trash)
  }
}

/** Another process may be deleting the same; what is left is for the next sweep. */
const remove = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 2 }).catch(() => {})

async function readMarker(file: string): Promise<Marker | undefined> {
  try {
    return markerSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}
