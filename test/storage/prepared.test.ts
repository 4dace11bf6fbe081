import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/storage/database.ts'
import { prepared } from '../../src/storage/prepared-query.ts'
import { preparedForRows } from '../../src/storage/prepared-rows.ts'
import { one } from '../../src/storage/statement.ts'
import { type TestStore, testStores } from '../support/databases.ts'

interface Change {
  readonly seq: number
  readonly topic: string
  readonly key: string
  readonly at: number
}

const between = prepared<{ topic: string; from: number; limit: number }, Change>((query, value) =>
  query
    .selectFrom('changes')
    .selectAll()
    .where('topic', '=', value('topic'))
    .where('at', '=', 7)
    .where('seq', '>=', value('from'))
    .orderBy('seq')
    .limit(value('limit')),
)
const renaming = prepared<{ seq: number; key: string }>((query, value) =>
  query
    .updateTable('changes')
    .set({ key: value('key') })
    .where('seq', '=', value('seq')),
)
const inserts = preparedForRows<Change>(['seq', 'topic', 'key', 'at'], (query, rows) =>
  query.insertInto('changes').values(rows),
)
const removals = preparedForRows<{ seq: number }>(['seq'], (query, rows) =>
  query.deleteFrom('changes').where(
    'seq',
    'in',
    rows.map(({ seq }) => seq),
  ),
)

const renamings = preparedForRows<{ seq: number }>(['seq'], (query, rows) =>
  query
    .updateTable('changes')
    .set({ key: '' })
    .where('topic', '=', '')
    .where(
      'seq',
      'in',
      rows.map(({ seq }) => seq),
    ),
)

describe.each(testStores)('what is prepared, on $dialect', ({ create }) => {
  let store: TestStore
  let database: Database
  beforeEach(async () => {
    store = await create()
    database = await store.open()
  })
  afterEach(() => store.remove())

  const change = (seq: number): Change => ({ key: `k${seq}`, at: 7, topic: seq % 2 === 0 ? 'even' : 'odd', seq })
  const all = () => database.query.selectFrom('changes').select('seq').orderBy('seq').execute()

  test('brings its values into each use, beside constants, and leaves none for the next', async () => {
    await database.commit(inserts(database, [change(1), change(2), change(3), change(4)]))
    expect(await between.rows(database, { topic: 'odd', from: 0, limit: 9 })).toEqual([change(1), change(3)])
    expect(await between.rows(database, { limit: 1, from: 2, topic: 'odd' })).toEqual([change(3)])
    expect(await between.first(database, { topic: 'even', from: 5, limit: 9 })).toBeUndefined()
  })

  test('is a statement like any other, with what must be true of it', async () => {
    await database.commit(inserts(database, [change(1)]))
    await database.commit([renaming.statement(database, { seq: 1, key: 'named' })])
    expect((await between.first(database, { topic: 'odd', from: 0, limit: 1 }))?.key).toBe('named')
    const gone = new Error('gone')
    const none = renaming.statement(
      database,
      { seq: 2, key: 'x' },
      one(() => gone),
    )
    await expect(database.commit([none])).rejects.toBe(gone)
  })

  test('takes any number of rows, in any order of their members', async () => {
    for (const count of [0, 1, 3, 4, 100, 151]) {
      const rows = Array.from({ length: count }, (_, index) => change(index + 1))
      await database.commit([...inserts(database, rows)])
      expect(await all()).toEqual(rows.map(({ seq }) => ({ seq })))
      await database.commit([...removals(database, rows.slice(1))])
      expect(await all()).toHaveLength(Math.min(1, count))
      await database.commit([...removals(database, rows)])
    }
  })

  test('takes values for all rows, and fails unless each affects one', async () => {
    const rows = Array.from({ length: 21 }, (_, index) => change(2 * index))
    await database.commit(inserts(database, rows))
    const gone = new Error('gone')
    const rename = (topic: string, those: readonly Change[]) =>
      renamings(database, those, { leading: [topic, topic], otherwise: () => gone })
    await database.commit(rename('even', rows))
    expect(await database.query.selectFrom('changes').select('key').distinct().execute()).toEqual([{ key: 'even' }])
    // The one that is missing is in the last of several statements.
    await expect(database.commit(rename('even', [...rows, change(44)]))).rejects.toBe(gone)
    await expect(database.commit(rename('odd', rows))).rejects.toBe(gone)
    await database.commit(rename('odd', []))
  })

  test('knows databases apart', async () => {
    const other = await store.open()
    await database.commit(inserts(database, [change(1)]))
    await other.commit(inserts(other, [change(2)]))
    expect(await between.rows(other, { topic: 'odd', from: 0, limit: 9 })).toEqual([change(1)])
  })
})
