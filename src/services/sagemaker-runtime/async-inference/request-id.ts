import { randomText } from '../../../shared/ids.ts'

/**
 * Ids that sort by the time they were made at, and those of one maker in the order they were made in. Ids of
 * several makers and the same millisecond sort as chance has it.
 */
export function requestIds(now: () => number): () => string {
  let last = 0
  let count = 0
  return () => {
    const time = Math.max(last, now())
    count = time === last ? count + 1 : 0
    last = time
    return `${idStart(time)}${count.toString(36).padStart(5, '0')}${randomText(6)}`
  }
}

/** What ids of this millisecond start with: those of earlier ones sort before it, its own and later ones after it. */
export const idStart = (time: number): string => time.toString(36).padStart(9, '0')
