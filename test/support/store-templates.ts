import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { openPostgresDatabase } from '../../src/storage/postgres/postgres-database.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { madeOnce } from './made-once.ts'
import { pgliteClient } from './pglite-client.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/*
 * What every test of a store begins with is made once a run: to make PGlite's cluster takes seconds, and the migrations of
 * either store more than most tests.
 */

/** PostgreSQL in this process, with the tables of this version. */
export async function startPostgres(): Promise<PGlite> {
  const image = await madeOnce('postgres.tar', async () => {
    const made = await PGlite.create()
    await (await openPostgresDatabase({ client: pgliteClient(made) })).close()
    const dump = await made.dumpDataDir('none')
    await made.close()
    return Buffer.from(await dump.arrayBuffer())
  })
  return PGlite.create({ loadDataDir: new Blob([new Uint8Array(image)]) })
}

let sqliteImage: Promise<Buffer> | undefined

/** Writes an SQLite database with the tables of this version. */
export async function writeSqlite(file: string): Promise<void> {
  sqliteImage ??= madeOnce('slipway.db', async () => {
    const folder = await temporaryDirectory()
    const made = join(folder.path, 'slipway.db')
    await (await openSqliteDatabase({ file: made })).close()
    const image = await readFile(made)
    await folder.remove()
    return image
  })
  await writeFile(file, await sqliteImage, { mode: 0o600 })
}
