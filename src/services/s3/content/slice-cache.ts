import type { Slice } from './slice-store.ts'

/**
 * Keeps the slice lists of objects of many parts, so that a client that fetches one in thousands of ranges does not
 * have thousands of rows read for each. Lists never change, so nothing has to be dropped but for space.
 */
export interface SliceCache {
  get(ownerId: string): readonly Slice[] | undefined
  put(ownerId: string, slices: readonly Slice[]): void
}

/** What a slice without bytes takes in memory, roughly. */
const SLICE_BYTES = 350

/** How many slices without bytes take as much memory as these. */
const weigh = (slices: readonly Slice[]): number =>
  slices.reduce((sum, { content }) => sum + 1 + Math.ceil((content?.length ?? 0) / SLICE_BYTES), 0)

/** Holds up to `limit` slices in all, or fewer with bytes in them; what was used longest ago goes first. */
export function createSliceCache(limit: number): SliceCache {
  const lists = new Map<string, readonly Slice[]>()
  let held = 0
  return {
    get(ownerId) {
      const list = lists.get(ownerId)
      if (list === undefined) return undefined
      // A Map iterates in the order of insertion: this makes the list the youngest.
      lists.delete(ownerId)
      lists.set(ownerId, list)
      return list
    },
    put(ownerId, slices) {
      const weight = weigh(slices)
      if (weight > limit || lists.has(ownerId)) return
      lists.set(ownerId, slices)
      held += weight
      for (const [oldest, list] of lists) {
        if (held <= limit) break
        lists.delete(oldest)
        held -= weigh(list)
      }
    },
  }
}
