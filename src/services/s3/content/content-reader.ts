import { Readable } from 'node:stream'
import type { Clock } from '../../../shared/clock.ts'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { createSliceCache } from './slice-cache.ts'
import { cutSlices, readSlices, type Slice } from './slice-store.ts'

/** Some 20 MB of slice lists at most. */
const CACHED_SLICES = 100_000
/** How often a reader that takes its time says that it is still there. Well below the sweeper's grace. */
const KEEP_INTERVAL = 5 * 60_000

/** Reads what an owner's slices hold. */
export interface ContentReader {
  slices(ownerId: string): Promise<readonly Slice[]>
  /** The bytes from `first` to `last`, both counted. Its first blob is open once it resolves. */
  open(ownerId: string, first: number, last: number): Promise<Readable>
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

  async function* readOn(ownerId: string, opened: Readable, rest: readonly Slice[]): AsyncGenerator<Uint8Array> {
    let kept = clock.now()
    const keepFromTimeToTime = async () => {
      if (clock.now() - kept < KEEP_INTERVAL) return
      await keep(ownerId)
      kept = clock.now()
    }
    for await (const chunk of opened) {
      await keepFromTimeToTime()
      yield chunk
    }
    for (const slice of rest) {
      for await (const chunk of await openSlice(blobs, slice)) {
        await keepFromTimeToTime()
        yield chunk
      }
    }
  }

  return {
    slices,
    async open(ownerId, first, last) {
      const [head, ...rest] = cutSlices(await slices(ownerId), first, last)
      if (head === undefined) return Readable.from([])
      const opened = await openSlice(blobs, head)
      // A blob that is open stays readable when it is removed; only what is still to be opened needs keeping.
      if (rest.length === 0) return opened
      const stream = Readable.from(readOn(ownerId, opened, rest), { objectMode: false, highWaterMark: 256 * 1024 })
      // A generator that has not been started does not run its cleanup.
      stream.once('close', () => opened.destroy())
      return stream
    },
  }
}

const openSlice = (blobs: BlobStore, slice: Slice): Promise<Readable> =>
  blobs.read(slice.blobId, { start: slice.offset, end: slice.offset + slice.size - 1 })
