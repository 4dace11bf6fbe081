import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../../scripts/machine/lock.ts'

/** A fresh directory of a test, with a path short enough for unix sockets below it. */
export interface TemporaryDirectory {
  readonly path: string
  remove(): Promise<void>
}

/** `prefix` begins with `slw-`. The name tells whose the directory is, for when its owner is killed. */
export async function temporaryDirectory(prefix = 'slw-'): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Removes the directories of test runs that were killed. */
export async function removeStaleDirectories(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^slw-(?:[a-z]+-)?(\d+)-\w{6}$/.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
}
