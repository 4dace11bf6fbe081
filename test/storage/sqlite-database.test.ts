import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Statement } from '../../src/storage/database.ts'
import { StorageFullError, StorageUnavailableError } from '../../src/storage/errors.ts'
import { openSqliteDatabase, type SqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { statement } from '../../src/storage/statement.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'))
  file = join(folder, 'data', 'slipway.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = (db: SqliteDatabase, key: string, text = ''): Statement =>
  statement(
    db.query
      .insertInto('work_items')
      .values({ kind: 'k', key, due_at: 0, lease_number: 0, attempts: 0, last_error: text })
      .onConflict((conflict) => conflict.columns(['kind', 'key']).doUpdateSet({ last_error: text })),
  )
const raw = (db: SqliteDatabase, text: string): Statement => ({ query: sql.raw(text).compile(db.query) })
const countOf = async (db: SqliteDatabase) =>
  (
    await db.query
      .selectFrom('work_items')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n
const modes = (...files: string[]) => files.map((name) => (statSync(name).mode & 0o777).toString(8))

test('keeps its files from other users', async () => {
  let db = await openSqliteDatabase({ file })
  await db.commit([put(db, 'a')])
  expect(modes(join(folder, 'data'), file, `${file}-wal`, `${file}-shm`)).toEqual(['700', '600', '600', '600'])
  await db.close()
  chmodSync(file, 0o644)
  db = await openSqliteDatabase({ file })
  expect(modes(file)).toEqual(['600'])
  await db.close()
})

test('says in one sentence why a file cannot be opened', async () => {
  const text = join(folder, 'text.db')
  writeFileSync(text, 'This is no database.\n'.repeat(500))
  const failure = await openSqliteDatabase({ file: text }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StorageUnavailableError)
  expect((failure as Error).message).toContain(
    `${text} cannot be opened. The database cannot be used: file is not a database`,
  )
  await expect(openSqliteDatabase({ file: join(text, 'below.db') })).rejects.toThrow(
    /cannot be opened: (ENOTDIR|EEXIST)/,
  )
  await expect(openSqliteDatabase({ file: folder })).rejects.toThrow(StorageUnavailableError)
})

test('a full database refuses the writes that do not fit, keeps the others, and goes on when there is room', async () => {
  const db = await openSqliteDatabase({ file })
  await db.commit([put(db, 'before')])
  await db.commit([raw(db, 'pragma max_page_count = 60')])
  const large = Array.from({ length: 20 }, (_, index) => db.commit([put(db, `large-${index}`, 'x'.repeat(30_000))]))
  const results = await Promise.allSettled(large)
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  expect(reasons.length).toBeGreaterThan(10)
  for (const reason of reasons) expect(reason).toBeInstanceOf(StorageFullError)
  expect(await countOf(db)).toBe(1 + 20 - reasons.length)
  await db.commit([raw(db, 'pragma max_page_count = 100000')])
  await db.commit([put(db, 'after', 'x'.repeat(30_000))])
  expect(await countOf(db)).toBe(2 + 20 - reasons.length)
  await db.close()
})

const disk = mountSmallDisk(2)
test.skipIf(disk === undefined)(
  'a full disk is told to the callers, and the writer goes on when there is room',
  async () => {
    if (disk === undefined) return
    const db = await openSqliteDatabase({ file: join(disk.folder, 'slipway.db') })
    try {
      const results: PromiseSettledResult<unknown>[] = []
      for (let round = 0; round < 8; round++) {
        const units = Array.from({ length: 5 }, (_, index) =>
          db.commit([put(db, `${round}-${index}`, 'x'.repeat(100_000))]),
        )
        results.push(...(await Promise.allSettled(units)))
      }
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(reasons.length).toBeGreaterThan(0)
      for (const reason of reasons) expect(reason).toBeInstanceOf(StorageFullError)
      expect(await countOf(db)).toBe(results.length - reasons.length)
      await db.commit([put(db, '0-0', 'small')])
    } finally {
      await db.close()
      disk.unmount()
    }
  },
)

test('replaces a writer thread that dies, and tells those whose commits it held', async () => {
  const threads: Worker[] = []
  const remember = (thread: Worker) => threads.push(thread)
  process.on('worker', remember)
  try {
    const db = await openSqliteDatabase({ file })
    await db.commit([put(db, 'before')])
    const held = Array.from({ length: 5_000 }, (_, index) => db.commit([put(db, `held-${index}`)]))
    await threads[0]?.terminate()
    const results = await Promise.allSettled(held)
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(reasons.length).toBeGreaterThan(0)
    for (const reason of reasons) expect(reason).toBeInstanceOf(StorageUnavailableError)
    await db.commit([put(db, 'after')])
    expect(threads).toHaveLength(2)
    // What was acknowledged is there; of the rest some may be.
    expect(await countOf(db)).toBeGreaterThanOrEqual(2 + results.length - reasons.length)
    await db.close()
  } finally {
    process.off('worker', remember)
  }
})

test('refuses writes, in a sentence, while another program holds the file for long', async () => {
  const db = await openSqliteDatabase({ file, lockTimeoutMilliseconds: 50 })
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  const failure = await db.commit([put(db, 'a')]).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StorageUnavailableError)
  expect((failure as Error).message).toContain('database is locked')
  expect(await countOf(db)).toBe(0)
  other.exec('rollback')
  other.close()
  await db.commit([put(db, 'a')])
  await db.close()
})

test('the log does not grow without bound while a reader holds on, once it lets go', async () => {
  const db = await openSqliteDatabase({ file })
  const reader = new DatabaseSync(file)
  await db.commit([put(db, 'a')])
  reader.exec('begin')
  reader.prepare('select count(*) from work_items').get()
  const text = (index: number) => String(index % 10).repeat(1_000_000)
  for (let index = 0; index < 90; index++) await db.commit([put(db, 'a', text(index))])
  const size = () => statSync(`${file}-wal`).size
  expect(size()).toBeGreaterThan(64 * 1024 * 1024)
  reader.exec('commit')
  for (let index = 0; index < 150; index++) await db.commit([put(db, 'a', `${index}`)])
  expect(size()).toBeLessThan(8 * 1024 * 1024)
  reader.close()
  await db.close()
})
