import { readdirSync, readFileSync, statSync } from 'node:fs'

/**
 * A process and all its descendants that can still be found: children, and with an id of its own also those that have been
 * handed to process 1 after their parent's death. Empty when the kernel does not tell (no /proc).
 */
export function processTree(pid: number, uid?: number): number[] {
  const found = new Set<number>([pid])
  if (uid !== undefined) {
    for (const orphan of childrenOf(1)) if (ownerOf(orphan) === uid) found.add(orphan)
  }
  for (const member of found) for (const child of childrenOf(member)) found.add(child)
  return [...found]
}

/** Bytes of memory that the processes have to themselves or share in memory; pages of files do not count. */
export function memoryOf(pids: readonly number[]): number {
  let kilobytes = 0
  for (const pid of pids) {
    const status = read(`/proc/${pid}/status`)
    for (const match of status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)) kilobytes += Number(match[1])
  }
  return kilobytes * 1024
}

/** The same, with pages that several of the processes share counted once: exact, and slower to find out. */
export function proportionalMemoryOf(pids: readonly number[]): number {
  let kilobytes = 0
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`)
    for (const match of rollup.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm)) kilobytes += Number(match[1])
  }
  return kilobytes * 1024
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function ownerOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return undefined
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
