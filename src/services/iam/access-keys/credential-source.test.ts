import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import { rolePrincipal, rootPrincipal, userPrincipal } from '../../../access/principals.ts'
import { sealSession } from '../../../access/session-token.ts'
import { createSealedBox } from '../../../shared/sealed-box.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import { watchCommits } from '../../../storage/commit-watch.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { startTableChangeFeed } from '../../../storage/table-change-feed.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { bootstrapAccount } from '../bootstrap.ts'
import { readRootCredentials } from '../root-credentials.ts'
import { createCredentialSource } from './credential-source.ts'
import { credentialsChanged } from './key-changes.ts'
import { sealSecret } from './key-secret.ts'

const account = '123456789012'

describe('the source of credentials', () => {
  const box = createSealedBox(randomBytes(32))
  const clock = { time: 1_700_000_000_000, now: () => clock.time }
  const clean: (() => unknown)[] = []
  let store: TestStore
  let db: Database
  let changes: ChangeFeed

  async function worker(): Promise<{ db: Database; changes: ChangeFeed }> {
    const opened = await store.open()
    const watch = watchCommits(opened, silentLogger)
    const feed = await startTableChangeFeed({ db: opened, watch, clock, log: silentLogger })
    clean.unshift(
      () => feed.stop(),
      () => watch.stop(),
    )
    return { db: opened, changes: feed }
  }

  beforeEach(async () => {
    store = await testStores[0]!.create()
    clean.push(() => store.remove())
    ;({ db, changes } = await worker())
    await bootstrapAccount(db, box, 1)
  })
  afterEach(async () => {
    for (const step of clean.splice(0)) await step()
  })

  const insertUser = () =>
    statement(
      db.query.insertInto('iam_users').values({
        account,
        name_key: 'ann',
        name: 'Ann',
        path: '/team/',
        user_id: 'AIDAANN',
        permissions_boundary: null,
        tags: '[]',
        created_at: 1,
      }),
    )
  const insertKey = (id: string, status: string) =>
    statement(
      db.query.insertInto('access_keys').values({
        access_key_id: id,
        account,
        user_id: 'AIDAANN',
        secret: sealSecret(box, id, `secret of ${id}`),
        status,
        created_at: 1,
      }),
    )

  it('finds the root key, at once the second time', async () => {
    const source = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
    const root = (await readRootCredentials(db, box))!
    const first = source.find(root.accessKeyId, undefined)
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toEqual({
      secretAccessKey: root.secretAccessKey,
      principal: rootPrincipal(account, root.accessKeyId),
    })
    expect(source.find(root.accessKeyId, undefined)).toEqual(await first)
    expect(await source.find(root.accessKeyId, 'some-token')).toEqual({ fault: 'invalid-token' })
    expect(await source.find('AKIAAAAAAAAAAAAAAAAA', undefined)).toEqual({ fault: 'unknown-key' })
    source.stop()
  })

  it('finds the keys of users, and forgets in every worker what changes in one', async () => {
    await db.commit([insertUser(), insertKey('AKIAANN1', 'Active'), insertKey('AKIAANN2', 'Inactive')])
    const other = await worker()
    const sources = [
      createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock }),
      createCredentialSource({ database: other.db, masterKey: box, changeFeed: other.changes, clock }),
    ]
    for (const source of sources) {
      expect(await source.find('AKIAANN1', undefined)).toEqual({
        secretAccessKey: 'secret of AKIAANN1',
        principal: userPrincipal(account, { path: '/team/', name: 'Ann', id: 'AIDAANN' }, 'AKIAANN1'),
      })
      expect(await source.find('AKIAANN2', undefined)).toEqual({ fault: 'inactive-key' })
    }
    await db.commit([
      statement(db.query.deleteFrom('access_keys').where('access_key_id', '=', 'AKIAANN1')),
      credentialsChanged(changes, 'AKIAANN1'),
    ])
    for (const source of sources) {
      await eventually(async () => expect(await source.find('AKIAANN1', undefined)).toEqual({ fault: 'unknown-key' }))
      source.stop()
    }
  })

  describe('for session tokens', () => {
    const session = (principal = rootPrincipal(account), id = 'ASIAONE') => ({
      accessKeyId: id,
      secretAccessKey: 'temporary',
      principal: { ...principal, accessKeyId: id },
      issuedAt: clock.time,
      expiration: clock.time + 900_000,
    })

    it('opens them until they expire', async () => {
      const source = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
      const made = session()
      const token = sealSession(box, made)
      const { principal, issuedAt } = made
      const expected = { secretAccessKey: 'temporary', principal: { ...principal, session: { issuedAt } } }
      expect(await source.find('ASIAONE', token)).toEqual(expected)
      expect(source.find('ASIAONE', token)).toEqual(expected)
      expect(source.find('ASIATWO', token)).toEqual({ fault: 'invalid-token' })
      clock.time += 900_000
      expect(source.find('ASIAONE', token)).toEqual({ fault: 'expired-token' })
      const fresh = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
      expect(await fresh.find('ASIAONE', token)).toEqual({ fault: 'expired-token' })
    })

    it('rejects what was tampered with, made elsewhere, or belongs to another key', async () => {
      const source = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
      const token = sealSession(box, session())
      for (const wrong of [
        '',
        'x',
        token.slice(1),
        `${token}A`,
        sealSession(createSealedBox(randomBytes(32)), session()),
      ]) {
        expect(await source.find('ASIAONE', wrong)).toEqual({ fault: 'invalid-token' })
      }
      expect(await source.find('ASIATWO', token)).toEqual({ fault: 'invalid-token' })
      expect(await source.find('ASIAONE', undefined)).toEqual({ fault: 'unknown-key' })
    })

    it('knows a user under the name the user has now', async () => {
      await db.commit([insertUser()])
      const source = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
      const before = userPrincipal(account, { path: '/team/', name: 'Ann', id: 'AIDAANN' })
      const token = sealSession(box, session(before))
      expect(await source.find('ASIAONE', token)).toMatchObject({ principal: { arn: before.arn } })
      await db.commit([
        statement(
          db.query.updateTable('iam_users').set({ name: 'Eve', name_key: 'eve' }).where('user_id', '=', 'AIDAANN'),
        ),
        credentialsChanged(changes, 'AIDAANN'),
      ])
      const arn = `arn:aws:iam::${account}:user/team/Eve`
      await eventually(async () => {
        expect(await source.find('ASIAONE', token)).toMatchObject({
          principal: { arn, session: { issuedAt: clock.time } },
        })
      })
    })

    it('ends with the role', async () => {
      const source = createCredentialSource({ database: db, masterKey: box, changeFeed: changes, clock })
      const role = (await db.query.selectFrom('iam_roles').selectAll().executeTakeFirst())!
      const principal = rolePrincipal(account, { path: '/', name: role.name, id: role.role_id }, 'job')
      const token = sealSession(box, session(principal))
      expect(await source.find('ASIAONE', token)).toMatchObject({ secretAccessKey: 'temporary' })
      await db.commit([
        statement(db.query.deleteFrom('iam_roles').where('role_id', '=', role.role_id)),
        credentialsChanged(changes, role.role_id),
      ])
      await eventually(async () => expect(await source.find('ASIAONE', token)).toEqual({ fault: 'invalid-token' }))
    })
  })
})
