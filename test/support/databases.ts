import { join } from 'node:path'
import type { Database } from '../../src/storage/database.ts'
import type { Migration } from '../../src/storage/migrations.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { PostgresStore } from './postgres-store.ts'
import { writeSqlite } from './store-templates.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** One store of state that can be opened several times over, as several workers would. */
export interface TestStore {
  open(migrations?: readonly Migration[]): Promise<Database & { commitCount(): number }>
  /** Closes every database that was opened and removes the store. */
  remove(): Promise<void>
}

async function sqliteStore(): Promise<TestStore> {
  const folder = await temporaryDirectory()
  const file = join(folder.path, 'slipway.db')
  const opened: Database[] = []
  let made: Promise<void> | undefined
  return {
    open: async (migrations) => {
      made ??= migrations === undefined ? writeSqlite(file) : Promise.resolve()
      await made
      const db = await openSqliteDatabase({ file, migrations })
      opened.push(db)
      return db
    },
    remove: async () => {
      await Promise.all(opened.map((db) => db.close()))
      await folder.remove()
    },
  }
}

/** Both databases, for `describe.each`: what holds on one must hold on the other. */
export const testStores: readonly { readonly dialect: string; readonly create: () => Promise<TestStore> }[] = [
  { dialect: 'sqlite', create: sqliteStore },
  { dialect: 'postgres', create: PostgresStore.create },
]
