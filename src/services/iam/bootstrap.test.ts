import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../../test/support/databases.ts'
import { createSealedBox } from '../../shared/sealed-box.ts'
import { bootstrapAccount } from './bootstrap.ts'
import { readRootCredentials } from './root-credentials.ts'

describe.each(testStores)('the first start on $dialect', ({ create }) => {
  let store: TestStore
  const box = createSealedBox(randomBytes(32))
  beforeEach(async () => {
    store = await create()
  })
  afterEach(() => store.remove())

  it('creates the account, its root key and its execution role once, however many start at once', async () => {
    const databases = await Promise.all([store.open(), store.open()])
    await Promise.all([...databases, ...databases].map((db) => bootstrapAccount(db, box, 1_700_000_000_000)))
    const db = databases[0]!
    expect(await db.query.selectFrom('access_accounts').selectAll().execute()).toHaveLength(1)
    const keys = await db.query.selectFrom('access_keys').selectAll().execute()
    expect(keys).toHaveLength(1)
    const roles = await db.query.selectFrom('iam_roles').selectAll().execute()
    expect(roles.map((role) => role.name)).toEqual(['SageMakerExecutionRole'])
    const attachments = await db.query.selectFrom('iam_attachments').selectAll().execute()
    expect(attachments.map((row) => row.policy_arn)).toEqual(['arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'])

    const root = await readRootCredentials(databases[1]!, box)
    expect(root?.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
    expect(root?.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/)
    expect(JSON.stringify(keys)).not.toContain(root!.secretAccessKey)
  })

  it('does not bring back what was deleted since', async () => {
    const db = await store.open()
    await bootstrapAccount(db, box, 1)
    await db.commit([{ query: db.query.deleteFrom('iam_roles').compile() }])
    await db.commit([{ query: db.query.deleteFrom('access_keys').compile() }])
    await bootstrapAccount(db, box, 2)
    expect(await db.query.selectFrom('iam_roles').selectAll().execute()).toEqual([])
    expect(await readRootCredentials(db, box)).toBeUndefined()
  })

  it('refuses a database that belongs to another master key', async () => {
    const db = await store.open()
    await bootstrapAccount(db, box, 1)
    await expect(bootstrapAccount(db, createSealedBox(randomBytes(32)), 2)).rejects.toThrow(
      /master\.key does not belong/,
    )
  })

  it('knows no credentials of an account that does not exist', async () => {
    expect(await readRootCredentials(await store.open(), box, '999999999999')).toBeUndefined()
  })
})
