import { randomInt } from 'node:crypto'

/**
 * Numbers for the order of appending: 23 digits, growing within this worker. The last six are the worker's own, so that
 * two workers do not make the same one.
 */
export function createSequence(now: () => number): () => string {
  const worker = String(randomInt(1_000_000)).padStart(6, '0')
  let last = 0
  let count = 0
  return () => {
    const time = Math.max(now(), last)
    count = time === last ? count + 1 : 0
    last = time
    if (count > 9999) {
      last += 1
      count = 0
    }
    return String(last).padStart(13, '0') + String(count).padStart(4, '0') + worker
  }
}
