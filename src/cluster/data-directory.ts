import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '../shared/start-error.ts'

const SQLITE_BUSY = 5

/**
 * Makes the data directory (readable by its owner alone), sees that it can be written, and claims it for this server.
 * The claim is a lock that the operating system drops with the process, so a killed server never blocks the next.
 */
export function claimDataDirectory(directory: string): { release(): void } {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
    const probe = join(directory, `.write-${process.pid}`)
    closeSync(openSync(probe, 'w', 0o600))
    rmSync(probe)
  } catch (error) {
    throw new StartError(
      `cannot write to the data directory ${directory} (${errorCode(error)}); choose another with --data-dir`,
    )
  }
  return lock(directory)
}

function lock(directory: string): { release(): void } {
  const database = new DatabaseSync(join(directory, 'server.lock'))
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
