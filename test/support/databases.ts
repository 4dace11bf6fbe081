import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { Database } from '../../src/storage/database.ts'
import type { Migration } from '../../src/storage/migrations.ts'
import { openPostgresDatabase } from '../../src/storage/postgres/postgres-database.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { pgliteClient } from './pglite-client.ts'

/** One store of state that can be opened several times over, as several workers would. */
export interface TestStore {
  open(migrations?: readonly Migration[]): Promise<Database & { commitCount(): number }>
  /** Closes every database that was opened and removes the store. */
  remove(): Promise<void>
}

async function sqliteStore(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'))
  const opened: Database[] = []
  return {
    open: async (migrations) => {
      const db = await openSqliteDatabase({ file: join(folder, 'slipway.db'), migrations })
      opened.push(db)
      return db
    },
    remove: async () => {
      await Promise.all(opened.map((db) => db.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** PGlite takes seconds to start, so what one test has done with is emptied for the next. */
const idle: PGlite[] = []

async function postgresStore(): Promise<TestStore> {
  const pglite = idle.pop() ?? (await PGlite.create())
  const opened: Database[] = []
  return {
    open: async (migrations) => {
      const db = await openPostgresDatabase({ client: pgliteClient(pglite), migrations })
      opened.push(db)
      return db
    },
    remove: async () => {
      await Promise.all(opened.map((db) => db.close()))
      await pglite.exec('drop schema public cascade; create schema public')
      idle.push(pglite)
    },
  }
}

/** Both databases, for `describe.each`: what holds on one must hold on the other. */
export const testStores: readonly { readonly dialect: string; readonly create: () => Promise<TestStore> }[] = [
  { dialect: 'sqlite', create: sqliteStore },
  { dialect: 'postgres', create: postgresStore },
]
