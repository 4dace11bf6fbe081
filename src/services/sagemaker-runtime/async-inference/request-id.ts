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
    return `${time.toString(36).padStart(9, '0')}${count.toString(36).padStart(5, '0')}${randomText(6)}`
  }
}
