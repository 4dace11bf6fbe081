import { readFileSync } from 'node:fs'

/** User and group ids that nobody else on the machine has, for the processes of functions. */
export interface UnprivilegedIds {
  /** An id of its own for an environment (as its user) or for unpacked code (as its group); undefined when all are taken. */
  take(): number | undefined
  giveBack(id: number): void
}

/** Above what distributions, subordinate ids and container managers hand out, below 2^31. */
const FIRST = 1_880_000_000
const IDS_A_WORKER = 60

/** Whether an id lies where this module gives them out, for any worker. */
export const isUnprivilegedId = (id: number): boolean => id >= FIRST && id < 2 ** 31

/** What is free of each kind, for everybody in this process. */
const free: Partial<Record<'user' | 'group', number[]>> = {}

/**
 * User or group ids of this worker: a range that its process id selects, so that workers need no agreement. Undefined
 * where processes cannot be given other ids: not root, or in a user namespace without these ids.
 */
export function unprivilegedIds(kind: 'user' | 'group'): UnprivilegedIds | undefined {
  if (process.getuid?.() !== 0) return undefined
  const first = FIRST + process.pid * IDS_A_WORKER
  const last = first + IDS_A_WORKER - 1
  const map = kind === 'user' ? '/proc/self/uid_map' : '/proc/self/gid_map'
  if (last >= 2 ** 31 || !maps(map, first, last)) return undefined
  free[kind] ??= Array.from({ length: IDS_A_WORKER }, (_, index) => last - index)
  const ids = free[kind]
  return {
    take: () => ids.pop(),
    // To the far end, so that an id rests before it is used again.
    giveBack: (id) => void ids.unshift(id),
  }
}

/** Whether this user namespace knows all of the ids: lines of `inside outside count`. */
function maps(file: string, first: number, last: number): boolean {
  try {
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .some((line) => {
        const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
        return inside <= first && last < inside + count
      })
  } catch {
    return false
  }
}
