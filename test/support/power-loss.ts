import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { open, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Chance } from './chance.ts'
import { eventually } from './eventually.ts'

const DATABASE = 'slipway.db'
/** Bytes of the log's own header and of that of a frame. Source: "WAL-mode File Format" (sqlite.org/walformat.html). */
const LOG_HEADER = 32
const FRAME_HEADER = 24

/**
 * Copies a data directory as it is at one moment: the processes that use it are stopped meanwhile, in the middle of whatever
 * they do.
 */
export async function copyAtOnce(dataDir: string, pids: readonly number[], target: string): Promise<void> {
  try {
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    // A thread that waits for the disk stops when it has it.
    await eventually(() => {
      for (const pid of pids) if (!isStopped(pid)) throw new Error(`${pid} has not stopped yet`)
    })
    await promisify(execFile)('cp', ['-a', dataDir, target])
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
}

const isStopped = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every((task) =>
    /\) [Tt] /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')),
  )

/**
 * Makes of such a copy what a power failure in that moment could have left on the disk. The index of SQLite's log says which
 * of its frames had been synced; whatever was not is lost, halved or something else, as chance has it: the rest of the
 * log, pages that a checkpoint may have been writing, files that no row names. Resolves to how many bytes of the log were at stake.
 */
export async function losePower(
  dataDir: string,
  chance: Chance,
  isNamed: (blobId: string) => boolean,
): Promise<number> {
  const file = join(dataDir, DATABASE)
  const { synced, pageSize } = readIndex(readFileSync(`${file}-shm`))
  await rm(`${file}-shm`)
  const log = readFileSync(`${file}-wal`)
  const kept = synced === 0 ? 0 : LOG_HEADER + synced * (FRAME_HEADER + pageSize)
  await damage(`${file}-wal`, kept, log.length, chance)
  await tearPages(file, pagesOf(log.subarray(0, kept), pageSize), pageSize, chance)
  await loseFiles(join(dataDir, 'objects'), chance, isNamed)
  return log.length - kept
}

/** Frames of the log that are committed and synced, and the size of a page. The index is in the machine's own byte order. */
function readIndex(index: Buffer): { readonly synced: number; readonly pageSize: number } {
  const size = index.readUInt16LE(14)
  return { synced: index.readUInt32LE(16), pageSize: size === 1 ? 65_536 : size }
}

/** From `from` on the file is shorter, or something else. */
async function damage(file: string, from: number, size: number, chance: Chance): Promise<void> {
  const end = chance.between(from, size)
  await truncate(file, end)
  if (end === from || chance.between(0, 2) === 0) return
  const start = chance.between(from, end - 1)
  await overwrite(file, start, end - start, chance.pick([0, 0x5a]))
}

/** The numbers of the pages that the frames hold. */
function pagesOf(log: Buffer, pageSize: number): readonly number[] {
  const pages = new Set<number>()
  for (let at = LOG_HEADER; at < log.length; at += FRAME_HEADER + pageSize) pages.add(log.readUInt32BE(at))
  return [...pages]
}

/** What the log has is taken from there: in the database itself it may be half of old and half of new. */
async function tearPages(file: string, pages: readonly number[], pageSize: number, chance: Chance): Promise<void> {
  const size = readFileSync(file).length
  for (const page of pages) {
    const at = (page - 1) * pageSize
    // The first says what file this is: its beginning never changes.
    if (page === 1 || at >= size || chance.between(0, 3) > 0) continue
    const torn = chance.between(1, pageSize - 1)
    await overwrite(file, at + torn, pageSize - torn, 0xa5)
  }
}

async function overwrite(file: string, at: number, length: number, value: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.write(Buffer.alloc(length, value), 0, length, at)
  } finally {
    await handle.close()
  }
}

async function loseFiles(objects: string, chance: Chance, isNamed: (blobId: string) => boolean): Promise<void> {
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || isNamed(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const fate = chance.between(0, 2)
    if (fate === 0) await rm(path)
    if (fate === 1) await truncate(path, chance.between(0, readFileSync(path).length))
  }
}
