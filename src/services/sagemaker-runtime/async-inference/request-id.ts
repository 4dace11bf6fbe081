import { randomBytes } from 'node:crypto'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const RANDOM_CHARACTERS = 6
/** Asking for random bytes costs some microseconds, however few they are. */
const DRAWN_AT_ONCE = 256 * RANDOM_CHARACTERS

/**
 * Ids that sort by the time they were made at, and those of one maker in the order they were made in. Ids of
 * several makers and the same millisecond sort as chance has it.
 */
export function requestIds(now: () => number): () => string {
  let last = 0
  let count = 0
  let prefix = ''
  let random = Buffer.alloc(0)
  let at = 0
  return () => {
    const time = Math.max(last, now())
    if (time === last) count++
    else {
      count = 0
      prefix = time.toString(36).padStart(9, '0')
      last = time
    }
    if (at === random.length) {
      random = randomBytes(DRAWN_AT_ONCE)
      at = 0
    }
    let id = prefix + count.toString(36).padStart(5, '0')
    for (const end = at + RANDOM_CHARACTERS; at < end; at++)
      id += ALPHABET[(random[at] as number) % ALPHABET.length] as string
    return id
  }
}
