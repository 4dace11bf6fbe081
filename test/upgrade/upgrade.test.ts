import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { callsOf } from './calls.ts'
import { type Facts, resources } from './resources.ts'

// Data directories that earlier versions have made; scripts/make-upgrade-fixture.ts makes one.
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))

/** The definitions of all tables and indexes. */
function tablesOf(file: string): readonly unknown[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare("select type, name, sql from sqlite_master where name not like 'sqlite_%' order by name")
      .all()
  } finally {
    database.close()
  }
}

describe.each(readdirSync(FIXTURES))('a data directory made by %s', (fixture) => {
  const facts = JSON.parse(
    execFileSync('tar', ['-xzOf', join(FIXTURES, fixture), 'facts.json'], { encoding: 'utf8' }),
  ) as Readonly<Record<string, Facts>>
  let folder: TemporaryDirectory
  let server: Slipway

  beforeAll(async () => {
    folder = await temporaryDirectory()
    execFileSync('tar', ['-C', folder.path, '-xzf', join(FIXTURES, fixture)])
    server = await startSlipway({ dataDir: join(folder.path, 'data'), workers: 2 })
  })
  afterAll(async () => {
    await server?.stop()
    await folder?.remove()
  })

  it.each(Object.keys(facts))('still holds its %s', async (name) => {
    await resources[name]!.check(callsOf(server), facts[name]!)
  })

  it('has the tables that a new one has', async () => {
    const file = join(folder.path, 'new.db')
    await (await openSqliteDatabase({ file })).close()
    expect(tablesOf(join(folder.path, 'data', 'slipway.db'))).toEqual(tablesOf(file))
  })

  it('opens again', async () => {
    await server.process.stop(15_000)
    server = await startSlipway({ dataDir: join(folder.path, 'data') })
    const root = callsOf(server)
    expect((await root.s3('GET', '/kept-data/later')).text).toBe('written by a later version')
    expect(server.process.output()).not.toContain('"level":50')
    expect(readFileSync(join(folder.path, 'data', 'master.key'))).toHaveLength(32)
  })
})
