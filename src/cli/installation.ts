import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { DEFAULT_ACCOUNT, type RootCredentials, readRootCredentials } from '../services/iam/root-credentials.ts'
import type { Database } from '../storage/database.ts'
import { StorageError } from '../storage/errors.ts'
import { openMasterKey } from '../storage/master-key.ts'
import { openSqliteDatabase } from '../storage/sqlite/sqlite-database.ts'
import { CommandError } from './command.ts'

/** The name of the database within the data directory. */
export const DATABASE_FILE = 'slipway.db'

/** Opens the database of a data directory that a server has made, runs `use`, closes it. */
export async function withDatabase<T>(config: Config, use: (database: Database) => Promise<T>): Promise<T> {
  const file = join(config.dataDir, DATABASE_FILE)
  requireFile(file, config.dataDir)
  try {
    const database = await openSqliteDatabase({ file })
    try {
      return await use(database)
    } finally {
      await database.close()
    }
  } catch (error) {
    if (error instanceof StorageError) throw new CommandError(error.message)
    throw error
  }
}

function requireFile(file: string, dataDir: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CommandError(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `no server has run on ${dataDir} yet; start one with 'slipway serve', or name another with --data-dir`
        : `the data directory ${dataDir} may not be used by this user (${code}); become its owner, or name another with --data-dir`,
    )
  }
}

/** The access key of the default account's root. */
export async function rootCredentials(config: Config, account = DEFAULT_ACCOUNT): Promise<RootCredentials> {
  const found = await withDatabase(config, async (database) => {
    // Opening would make a new one, which is the server's to do.
    if (!existsSync(join(config.dataDir, 'master.key')))
      throw new CommandError(`master.key is missing in ${config.dataDir}; restore the one it was created with`)
    return readRootCredentials(database, await openMasterKey(config.dataDir), account)
  })
  if (found === undefined) throw new CommandError(`account ${account} has no active root access key`)
  return found
}

/** Where the server of this data directory answers: as it last announced itself, or as the flags say. */
export function serverUrl(config: Config, portGiven: boolean): string {
  if (config.publicUrl !== undefined) return config.publicUrl
  if (!portGiven) {
    try {
      return (JSON.parse(readFileSync(join(config.dataDir, 'server.json'), 'utf8')) as { url: string }).url
    } catch {
      // No server has run here: the configured address is the best guess.
    }
  }
  return `http://${config.host}:${config.port}`
}
