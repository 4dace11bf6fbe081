import { join } from 'node:path'
import { DATABASE_FILE } from '../cli/installation.ts'
import { StartError } from '../shared/start-error.ts'
import type { Database } from '../storage/database.ts'
import { StorageFullError, StorageUnavailableError } from '../storage/errors.ts'
import { openSqliteDatabase } from '../storage/sqlite/sqlite-database.ts'
import type { Logger } from '../telemetry/log.ts'

/** @throws StartError for what the user can do something about */
export async function openDatabase(dataDir: string, log: Logger): Promise<Database> {
  try {
    return await openSqliteDatabase({ file: join(dataDir, DATABASE_FILE), log })
  } catch (error) {
    throw startError(error)
  }
}

/** What the user can do something about as a StartError; anything else is a bug and stays what it is. */
export function startError(error: unknown): unknown {
  if (error instanceof StorageFullError) return new StartError(`${error.message}; free some space and start again`)
  return error instanceof StorageUnavailableError ? new StartError(error.message) : error
}
