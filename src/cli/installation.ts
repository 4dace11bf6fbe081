import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { DEFAULT_ACCOUNT, type RootCredentials, readRootCredentials } from '../services/iam/root-credentials.ts'
import type { SealedBox } from '../shared/sealed-box.ts'
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

/** The access key of an account's root; of the default account's when none is named. @throws CommandError */
export async function rootCredentials(config: Config, account = DEFAULT_ACCOUNT): Promise<RootCredentials> {
  const found = await withMasterKey(config, async (database, masterKey) => ({
    credentials: await readRootCredentials(database, masterKey, account),
    exists: await accountExists(database, account),
  }))
  if (found.credentials !== undefined) return found.credentials
  throw new CommandError(
    found.exists
      ? `account ${account} has no active root access key`
      : `there is no account ${account}; make it with 'slipway account create ${account}'`,
  )
}

/** As `withDatabase`, with the key that the data directory's secrets are sealed with. */
export const withMasterKey = <T>(
  config: Config,
  use: (database: Database, masterKey: SealedBox) => Promise<T>,
): Promise<T> =>
  withDatabase(config, async (database) => {
    // Opening would make a new one, which is the server's to do.
    if (!existsSync(join(config.dataDir, 'master.key')))
      throw new CommandError(`master.key is missing in ${config.dataDir}; restore the one it was created with`)
    return use(database, await openMasterKey(config.dataDir))
  })

async function accountExists({ query }: Database, account: string): Promise<boolean> {
  const row = await query
    .selectFrom('access_accounts')
    .select('account')
    .where('account', '=', account)
    .executeTakeFirst()
  return row !== undefined
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
