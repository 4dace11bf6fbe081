import { Readable } from 'node:stream'
import type { Clock } from '../../../shared/clock.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { openBlobKey } from '../encryption/blob-key.ts'
import { inlineBytes } from './inline-bytes.ts'
import { createSliceCache } from './slice-cache.ts'
import { cutSlices, readSlices, type Slice } from './slice-store.ts'

/** Some 35 MB of slice lists at most. */
const CACHED_SLICES = 100_000
/** How often a reader that takes its time says that it is still there. Well below the sweeper's grace. */
const KEEP_INTERVAL = 5 * 60_000

/** Whose bytes are read, and what opens the keys of their blobs. */
export interface ContentOwner {
  readonly id: string
  readonly box: SealedBox
}

/** Reads what an owner's slices hold. */
export interface ContentReader {
  slices(ownerId: string): Promise<readonly Slice[]>
  /**
   * The bytes from `first` to `last`, both counted. Its first blob is open once it resolves.
   * @throws BlobCorruptError, as the stream does
   */
  open(owner: ContentOwner, first: number, last: number): Promise<Readable>
}

export function createContentReader(database: Database, blobs: BlobStore, clock: Clock): ContentReader {
  const cache = createSliceCache(CACHED_SLICES)

  const slices = async (ownerId: string): Promise<readonly Slice[]> => {
    const cached = cache.get(ownerId)
    if (cached !== undefined) return cached
    const list = await readSlices(database, ownerId)
    if (list.length > 1) cache.put(ownerId, list)
    return list
  }

  /** Puts the deletion of a released owner's blobs off; nothing for an owner that is still in use. */
  const keep = (ownerId: string) =>
    database.commit([
      statement(
        database.query.updateTable('s3_released').set({ released_at: clock.now() }).where('owner_id', '=', ownerId),
      ),
    ])

  async function* readOn(
    { id, box }: ContentOwner,
    opened: Readable,
    rest: readonly Slice[],
  ): AsyncGenerator<Uint8Array> {
    let kept = clock.now()
    const keepFromTimeToTime = async () => {
      if (clock.now() - kept < KEEP_INTERVAL) return
      await keep(id)
      kept = clock.now()
    }
    for await (const chunk of opened) {
      await keepFromTimeToTime()
      yield chunk
    }
    for (const slice of rest) {
      for await (const chunk of await openSlice(blobs, slice, box)) {
        await keepFromTimeToTime()
        yield chunk
      }
    }
  }

  return {
    slices,
    async open(owner, first, last) {
      const [head, ...rest] = cutSlices(await slices(owner.id), first, last)
      if (head === undefined) return Readable.from([])
      const opened = await openSlice(blobs, head, owner.box)
      // A blob that is open stays readable when it is removed; only what is still to be opened needs keeping.
      if (rest.length === 0) return opened
      // An object stream passes parts on as they are, without joining those that wait.
      const stream = Readable.from(readOn(owner, opened, rest), { highWaterMark: 4 })
      // A generator that has not been started does not run its cleanup.
      stream.once('close', () => opened.destroy())
      return stream
    },
  }
}

async function openSlice(blobs: BlobStore, slice: Slice, box: SealedBox): Promise<Readable> {
  const { blobId, offset, size, sealedKey, content } = slice
  const [start, end] = [offset, offset + size - 1]
  if (content === null) {
    const seal = sealedKey === null ? undefined : openBlobKey(box, blobId, sealedKey)
    return blobs.read(blobId, { start, end }, seal)
  }
  const stream = new Readable({ read() {} })
  stream.push(inlineBytes(slice, content, box))
  stream.push(null)
  return stream
}
