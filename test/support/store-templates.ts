import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { openPostgresDatabase } from '../../src/storage/postgres/postgres-database.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { pgliteClient } from './pglite-client.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/*
 * What every test of a store begins with is made once a run: to make PGlite's cluster takes seconds, and the migrations of
 * either store more than most tests.
 */

/** PostgreSQL in this process, with the tables of this version. */
export async function startPostgres(): Promise<PGlite> {
  const image = await template('postgres.tar', async () => {
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
  sqliteImage ??= template('slipway.db', async () => {
    const folder = await temporaryDirectory()
    const made = join(folder.path, 'slipway.db')
    await (await openSqliteDatabase({ file: made })).close()
    const image = await readFile(made)
    await folder.remove()
    return image
  })
  await writeFile(file, await sqliteImage, { mode: 0o600 })
}

/** The bytes that `make` makes, or that another file of this run has made before. */
async function template(name: string, make: () => Promise<Buffer>): Promise<Buffer> {
  const directory = process.env.TEST_TEMPLATES
  if (directory === undefined)
    throw new Error('there are no templates here: test/support/global-templates.ts has not run')
  const path = join(directory, name)
  const found = await readFile(path).catch(() => undefined)
  if (found !== undefined) return found
  const made = await make()
  // Whoever makes it at the same time makes the same.
  await writeFile(`${path}.${process.pid}`, made)
  await rename(`${path}.${process.pid}`, path)
  return made
}
