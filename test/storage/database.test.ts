import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/storage/database.ts'
import {
  ConstraintViolation,
  StatementError,
  StorageUnavailableError,
  UniqueViolation,
} from '../../src/storage/errors.ts'
import type { Migration } from '../../src/storage/migrations.ts'
import { none, one, statement } from '../../src/storage/statement.ts'
import { type TestStore, testStores } from '../support/databases.ts'

interface Tables {
  things: { id: string; size: number | bigint | null; flag: number | boolean; body: Uint8Array | null }
}

const migrations: readonly Migration[] = [
  {
    name: '001-things',
    up: async (db) => {
      await db.schema
        .createTable('things')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('size', 'bigint')
        .addColumn('flag', 'integer', (column) => column.notNull().check(sql`flag in (0, 1)`))
        .addColumn('body', db.getExecutor().adapter.constructor.name.startsWith('Sqlite') ? 'blob' : 'bytea')
        .execute()
    },
  },
]

describe.each(testStores)('a database on $dialect', ({ create }) => {
  let store: TestStore
  let db: Database & { commitCount(): number }
  let things: Kysely<Tables>
  beforeAll(async () => {
    store = await create()
    db = await store.open(migrations)
    things = db.query as unknown as Kysely<Tables>
  })
  afterAll(() => store.remove())

  const insert = (id: string, more: Partial<Tables['things']> = {}) =>
    things.insertInto('things').values({ id, size: null, flag: 0, body: null, ...more })
  const ids = async (prefix: string) =>
    (await things.selectFrom('things').select('id').where('id', 'like', `${prefix}%`).orderBy('id').execute()).map(
      (row) => row.id,
    )

  test('shows a unit to reads as soon as it is committed, with its results in order', async () => {
    const results = await db.commit([
      statement(insert('seen-1')),
      statement(things.selectFrom('things').select(['id', 'flag']).where('id', '=', 'seen-1')),
      statement(things.updateTable('things').set({ size: 7 }).where('id', '=', 'seen-1').returning('size')),
      statement(things.updateTable('things').set({ size: 7 }).where('id', '=', 'nobody')),
    ])
    expect(results).toEqual([
      { rows: [], affected: 1 },
      { rows: [{ id: 'seen-1', flag: 0 }], affected: 1 },
      { rows: [{ size: 7 }], affected: 1 },
      { rows: [], affected: 0 },
    ])
    expect(await ids('seen-')).toEqual(['seen-1'])
    expect(await db.commit([])).toEqual([])
  })

  test('keeps integers, flags, bytes and text as they are', async () => {
    const body = new Uint8Array([0, 255, 1])
    const text = 'it\'s "ä" 🚀\n%_\\'
    await db.commit([
      statement(insert(`value-${text}`, { size: 2 ** 53 - 1, flag: true, body })),
      statement(insert('value-beyond', { size: 2n ** 62n })),
      statement(insert('value-negative', { size: -5 })),
    ])
    const rows = await things.selectFrom('things').selectAll().where('id', 'like', 'value-%').orderBy('id').execute()
    expect(rows.map((row) => [row.id, row.size, row.flag])).toEqual([
      ['value-beyond', 2n ** 62n, 0],
      [`value-${text}`, 2 ** 53 - 1, 1],
      ['value-negative', -5, 0],
    ])
    expect(new Uint8Array(rows[1]?.body ?? [])).toEqual(body)
    const [returned] = await db.commit([
      statement(things.updateTable('things').set({ flag: 1 }).where('id', '=', 'value-beyond').returning('size')),
    ])
    expect(returned?.rows).toEqual([{ size: 2n ** 62n }])
    const sums = await things
      .selectFrom('things')
      .select(({ fn }) => [fn.sum('size').as('sum'), fn.countAll().as('count')])
      .where('id', '=', 'value-negative')
      .execute()
    expect(sums).toEqual([{ sum: -5, count: 1 }])
  })

  test('tells cases apart when it searches', async () => {
    await db.commit([statement(insert('Case')), statement(insert('case'))])
    expect(await ids('Cas')).toEqual(['Case'])
    expect(
      (await things.selectFrom('things').select('id').where('id', 'in', ['Case', 'case']).orderBy('id').execute())[0],
    ).toEqual({ id: 'Case' })
  })

  test('rolls a whole unit back when an expectation is not met', async () => {
    class Exists extends Error {}
    const unit = (id: string) => [
      statement(insert(`guard-${id}`)),
      statement(
        insert('guard-taken').onConflict((conflict) => conflict.doNothing()),
        one(() => new Exists('taken')),
      ),
    ]
    await db.commit(unit('first'))
    await expect(db.commit(unit('second'))).rejects.toThrow(Exists)
    expect(await ids('guard-')).toEqual(['guard-first', 'guard-taken'])

    const unused = statement(
      things.selectFrom('things').select('id').where('id', '=', 'guard-taken'),
      none(() => new Error('in use')),
    )
    await expect(db.commit([statement(things.deleteFrom('things')), unused])).resolves.toBeDefined()
    await db.commit([statement(insert('guard-taken'))])
    await expect(db.commit([unused, statement(insert('guard-third'))])).rejects.toThrow('in use')
    expect(await ids('guard-')).toEqual(['guard-taken'])
  })

  test('rejects with what an expectation throws when it cannot make its error', async () => {
    const broken = one(() => {
      throw new RangeError('cannot word it')
    })
    await expect(
      db.commit([statement(things.deleteFrom('things').where('id', '=', 'nobody'), broken)]),
    ).rejects.toThrow(RangeError)
  })

  test('a unit that fails takes no other with it', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        db.commit([
          statement(insert(`alone-${index}`)),
          statement(
            index % 3 === 0
              ? insert(`alone-${index}`)
              : index % 3 === 1
                ? insert(`alone-x${index}`)
                : insert(`alone-y${index}`, { flag: 9 }),
          ),
        ]),
      ),
    )
    expect(results.map((result) => result.status)).toEqual(
      Array.from({ length: 30 }, (_, index) => (index % 3 === 1 ? 'fulfilled' : 'rejected')),
    )
    const reason = (index: number) => (results[index] as PromiseRejectedResult).reason
    expect(reason(0)).toBeInstanceOf(UniqueViolation)
    expect(reason(2)).toBeInstanceOf(ConstraintViolation)
    expect(reason(2)).not.toBeInstanceOf(UniqueViolation)
    expect(reason(0).message).not.toContain('alone-0')
    expect(await ids('alone-')).toHaveLength(20)
  })

  test('names the SQL of a statement that is wrong, and goes on', async () => {
    const wrong = statement(
      things
        .selectFrom('nowhere' as 'things')
        .select('id')
        .where('id', '=', 'private'),
    )
    const error = await db.commit([statement(insert('wrong')), wrong]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StatementError)
    expect((error as Error).message).toContain('select "id" from "nowhere"')
    expect((error as Error).message).not.toContain('private')
    await expect(
      things
        .selectFrom('nowhere' as 'things')
        .select('id')
        .execute(),
    ).rejects.toThrow(StatementError)
    const uncloneable = db.commit([statement(insert('wrong', { size: Symbol('no value') as never }))])
    await Promise.all([
      expect(uncloneable).rejects.toThrow(),
      expect(db.commit([statement(insert('right'))])).resolves.toHaveLength(1),
    ])
    expect(await ids('wrong')).toEqual([])
  })

  test('refuses to write past the units', async () => {
    await expect(insert('past').execute()).rejects.toThrow(StatementError)
    await expect(things.transaction().execute(async () => {})).rejects.toThrow('Database.commit')
    expect(await ids('past')).toEqual([])
  })

  test('guards decide between concurrent units', async () => {
    const other = (await store.open(migrations)) as Database
    const claim = (from: Database, index: number) =>
      from.commit([
        statement(
          things.selectFrom('things').select('id').where('id', 'like', 'winner-%'),
          none(() => new Error('lost')),
        ),
        statement(insert(`winner-${index}`)),
      ])
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => claim(index % 2 === 0 ? db : other, index)),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await ids('winner-')).toHaveLength(1)
  })

  test('commits many waiting units together', async () => {
    const before = db.commitCount()
    let next = 0
    const produce = async () => {
      for (let index = next++; index < 10_000; index = next++) await db.commit([statement(insert(`many-${index}`))])
    }
    await Promise.all(Array.from({ length: 64 }, produce))
    expect(await ids('many-')).toHaveLength(10_000)
    expect(db.commitCount() - before).toBeLessThan(10_000 / 16)
  })

  test('tells its listeners what this process has committed, and the mark differs then', async () => {
    const heard: unknown[] = []
    const stop = db.onCommit((unit) => heard.push(unit))
    const other = (await store.open(migrations)) as Database
    const first = await db.commitMark()
    expect(await db.commitMark()).toBe(first)
    const unit = [statement(insert('heard-1'))]
    await db.commit(unit)
    await db.commit([statement(insert('heard-1'))]).catch(() => {})
    expect(heard).toEqual([unit])
    const second = await db.commitMark()
    expect(second).not.toBe(first)
    await other.commit([statement(insert('heard-2'))])
    expect(await db.commitMark()).not.toBe(second)
    expect(heard).toHaveLength(1)
    stop()
    await db.commit([statement(insert('heard-3'))])
    expect(heard).toHaveLength(1)
  })

  test('commits what is waiting before it closes, and refuses afterwards', async () => {
    const other = await store.open(migrations)
    const pending = Promise.all(
      Array.from({ length: 50 }, (_, index) => other.commit([statement(insert(`last-${index}`))])),
    )
    await other.close()
    await pending
    expect(await ids('last-')).toHaveLength(50)
    await expect(other.commit([statement(insert('late'))])).rejects.toThrow(StorageUnavailableError)
    await other.close()
  })

  test('adds what is missing when it opens, and refuses a newer database', async () => {
    const added: Migration = {
      name: '002-more',
      up: (kysely) => kysely.schema.createTable('more').addColumn('id', 'text').execute(),
    }
    const broken: Migration = {
      name: '003-broken',
      up: async (kysely) => {
        await kysely.schema.createTable('half').addColumn('id', 'text').execute()
        throw new Error('half-way')
      },
    }
    await expect(store.open([...migrations, added, broken])).rejects.toThrow('half-way')
    await Promise.all([store.open([...migrations, added]), store.open([...migrations, added])])
    const recorded = await sql<{ name: string }>`select name from migrations order by name`.execute(db.query)
    expect(recorded.rows.map((row) => row.name)).toEqual(['001-things', '002-more'])
    await expect(sql`select * from half`.execute(db.query)).rejects.toThrow(StatementError)
    await expect(store.open(migrations)).rejects.toThrow('written by a newer version of Slipway (it has 002-more')
  })
})
