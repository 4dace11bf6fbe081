import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '../shared/start-error.ts'

const SQLITE_BUSY = 5

const LOCK_FILE = 'server.lock'

/**
 * Makes the data directory (readable by its owner alone), sees that it can be written, and claims it for this server.
 * The claim is a lock that the operating system drops with the process, so a killed server never blocks the next.
 */
export function claimDataDirectory(directory: string): { release(): void } {
  try {
    makeDirectory(directory)
    closeToOthers(directory)
    const probe = join(directory, `.write-${process.pid}`)
    closeSync(openSync(probe, 'w', 0o600))
    rmSync(probe)
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(
      `cannot write to the data directory ${directory} (${errorCode(error)}); choose another with --data-dir`,
    )
  }
  return lock(directory)
}

/** Like a recursive mkdir, which in Node never returns below a folder that denies that it exists, such as /proc/x. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return
  makeDirectory(dirname(directory))
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another server may start at the same moment.
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

/** Takes a directory away from other users: ours, or an empty one. Never one that holds something else, such as /srv. */
function closeToOthers(directory: string): void {
  const { mode } = statSync(directory)
  if ((mode & 0o777) === 0o700) return
  const entries = readdirSync(directory).filter((name) => name !== 'lost+found')
  if (entries.length > 0 && !entries.includes(LOCK_FILE) && (mode & 0o077) !== 0)
    throw new StartError(
      `${directory} holds other files and is open to other users; give --data-dir a directory of its own, or close it with chmod 700`,
    )
  chmodSync(directory, 0o700)
}

function lock(directory: string): { release(): void } {
  const database = new DatabaseSync(join(directory, LOCK_FILE))
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) {
      throw new StartError(
        `another server uses the data directory ${directory}; stop it, or choose another with --data-dir`,
      )
    }
    throw new StartError(
      `cannot claim the data directory ${directory} (${(error as Error).message}); is its disk full?`,
    )
  }
  return { release: () => database.close() }
}

const errorCode = (error: unknown): string => String((error as { code?: unknown }).code ?? (error as Error).message)
