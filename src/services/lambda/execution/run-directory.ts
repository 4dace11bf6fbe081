import { chmod, chown, copyFile, link, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { killUser } from './kill-user.ts'
import { temporaryDirectoryForAll } from './open-to-all.ts'
import { isUnprivilegedId } from './unprivileged-ids.ts'

/**
 * Where a worker keeps what functions run from: outside the data directory, which they cannot enter. Each folder below is
 * open exactly to the process it is for; the top can be walked through but not listed.
 */
export interface RunDirectory {
  readonly path: string
  /** The bootstraps, readable for all. */
  readonly bootstraps: string
  /** A new empty folder that only the server may enter: for code until it is shared, or for good. */
  make(kind: 'code' | 'private'): Promise<string>
  /** A new empty folder for what a function writes, of its user alone. */
  makeOwn(uid: number | undefined): Promise<string>
  /** A program placed where functions can execute it: linked if possible, else copied. */
  place(program: string): Promise<string>
  remove(path: string): Promise<void>
  close(): Promise<void>
}

const PREFIX = 'slipway-functions-'

/** Creates the directory of this worker, and removes those that dead workers have left. */
export async function openRunDirectory(given?: string): Promise<RunDirectory> {
  const parent = given ?? (await temporaryDirectoryForAll())
  await removeStale(parent)
  const path = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`))
  await chmod(path, 0o711)
  const bootstraps = join(path, 'bootstraps')
  await mkdir(bootstraps)
  await chmod(bootstraps, 0o755)
  for (const name of ['bootstrap.mjs', 'bootstrap.py']) {
    await copyFile(fileURLToPath(new URL(`../bootstraps/${name}`, import.meta.url)), join(bootstraps, name))
    await chmod(join(bootstraps, name), 0o644)
  }
  for (const [kind, mode] of [
    ['code', 0o711],
    ['env', 0o711],
    ['private', 0o700],
  ] as const) {
    await mkdir(join(path, kind))
    await chmod(join(path, kind), mode)
  }
  return {
    path,
    bootstraps,
    make: (kind) => mkdtemp(join(path, kind, `${kind}-`)),
    async makeOwn(uid) {
      const folder = await mkdtemp(join(path, 'env', 'env-'))
      if (uid !== undefined) await chown(folder, uid, uid)
      return folder
    },
    async place(program) {
      const target = join(await mkdtemp(join(path, 'code', 'program-')), 'node')
      await chmod(join(target, '..'), 0o755)
      await link(program, target).catch(() => copyFile(program, target))
      await chmod(target, 0o755)
      return target
    },
    remove: removeTree,
    close: () => removeTree(path),
  }
}

const removeTree = (path: string) => rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })

async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1])
    if (!Number.isInteger(pid) || pid === process.pid || isAlive(pid)) continue
    const path = join(parent, name)
    const state = await lstat(path).catch(() => undefined)
    // Others may write into a shared temporary directory; only what is ours is removed.
    if (!state?.isDirectory() || state.uid !== process.getuid?.()) continue
    await killOwners(join(path, 'env'))
    await removeTree(path).catch(() => {})
  }
}

/** Ends what functions of a dead worker have left running: their users own the folders in `env`. */
async function killOwners(environments: string): Promise<void> {
  for (const name of await readdir(environments).catch(() => [])) {
    const owner = (await lstat(join(environments, name)).catch(() => undefined))?.uid
    if (owner !== undefined && isUnprivilegedId(owner)) await killUser(owner)
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
