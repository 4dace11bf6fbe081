import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import type { AccessRequest, ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import type { Denied } from '../../../access/evaluation/decision.ts'
import { evaluate } from '../../../access/evaluation/evaluate.ts'
import {
  AWAY,
  allow,
  ann,
  applicable,
  attach,
  deny,
  documentOf,
  HOME,
  only,
  requestOf,
} from '../../../access/evaluation/test-policies.ts'
import { anonymousPrincipal } from '../../../access/principals.ts'
import { createSealedBox } from '../../../shared/sealed-box.ts'
import type { Database } from '../../../storage/database.ts'
import { StorageUnavailableError } from '../../../storage/errors.ts'
import { type Logger, silentLogger } from '../../../telemetry/log.ts'
import type { Denial } from '../authorization/create-authorizer.ts'
import { decodeMessage } from './decoded-message.ts'
import { describeDenial } from './denial-details.ts'
import { createDenialRecorder } from './denial-recorder.ts'
import { DENIAL_LIFE, findDenials, latestDenials, pruneDenials } from './denial-store.ts'
import { MAX_PACKED, packDetails, unpackDetails } from './packed-details.ts'

const NOW = 1_800_000_000_000
const masterKey = createSealedBox(randomBytes(32))

interface Given {
  readonly id?: string
  readonly at?: number
  readonly request?: AccessRequest
  readonly policies?: ApplicablePolicies
  readonly conditionKeys?: readonly string[]
}

function denialOf(given: Given = {}): Denial {
  const { id = crypto.randomUUID(), at = NOW, conditionKeys = [] } = given
  const { request = requestOf({}), policies = applicable({ identity: [allow({ Action: 'iam:*' })] }) } = given
  const decision = evaluate(request, policies)
  if (decision.allowed) throw new Error('the test needs a request that is denied')
  return { id, at, request, policies, decision: decision as Denied, conditionKeys }
}

describe('the details of a denial', () => {
  it('tell each statement, the one that denies with its text, and what the request had', () => {
    const policies = applicable({
      identity: [allow(), deny({ Sid: 'Office', Condition: { NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } })],
    })
    const request = requestOf({ context: { 'aws:SourceIp': '198.51.100.7', 's3:prefix': 'a/' } })
    const details = describeDenial(denialOf({ request, policies, conditionKeys: ['s3:prefix'] }))
    expect(details).toMatchObject({
      explicit: true,
      policyType: 'identity',
      by: { index: 1, sid: 'Office', source: { id: 'policy' } },
      remedies: [],
      obstacle: 'denied',
      context: { 'aws:SourceIp': '198.51.100.7', 's3:prefix': 'a/' },
    })
    const [allows, denies] = details.policies[0]!.statements
    expect(allows).toMatchObject({ outcome: 'matches', effect: 'Allow' })
    expect(JSON.parse(denies!.text!)).toMatchObject({ Sid: 'Office', Effect: 'Deny' })
  })

  it('keep no value of a key that proves something', () => {
    const Condition = { StringEquals: { 'sts:ExternalId': 'sesame-open', 'aws:PrincipalTag/ApiKey': 'letmein' } }
    const request = requestOf({ context: { 'sts:ExternalId': 'sesame-close', 'aws:RequestTag/password': 'hunter2' } })
    const policies = applicable({ identity: [allow({ Condition })] })
    const text = JSON.stringify(
      describeDenial(denialOf({ request, policies, conditionKeys: ['aws:RequestTag/password'] })),
    )
    expect(text).toContain('(not kept)')
    for (const secret of ['sesame', 'letmein', 'hunter2']) expect(text).not.toContain(secret)
  })

  it('are packed into a bounded text, whatever the policies', () => {
    const noise = () => randomBytes(40).toString('hex')
    const statement = () =>
      allow({ Sid: noise(), Condition: { StringEquals: { 'aws:PrincipalTag/x': [noise(), noise()] } } })
    const policies: ApplicablePolicies = {
      identity: Array.from({ length: 20 }, () =>
        attach(documentOf(...Array.from({ length: 40 }, statement), allow({ Action: 'iam:*' }))),
      ),
    }
    const packed = packDetails(describeDenial(denialOf({ policies })))
    expect(packed.length).toBeLessThanOrEqual(MAX_PACKED)
    const details = unpackDetails(packed)!
    expect(details.policies).toHaveLength(20)
    expect(details.policies[0]!.omitted).toBe(41)
    expect(details.remedies).toHaveLength(1)
    // What fits is kept whole.
    const usual = Array.from({ length: 20 }, (_, policy) =>
      attach(documentOf(...Array.from({ length: 10 }, (_, n) => allow({ Sid: `S${policy}${n}`, Action: 'iam:*' })))),
    )
    const kept = unpackDetails(packDetails(describeDenial(denialOf({ policies: { identity: usual } }))))!
    expect(kept.policies.map(({ statements }) => statements.length)).toEqual(Array.from({ length: 20 }, () => 10))
    expect(unpackDetails('nonsense')).toBeUndefined()
  })
})

describe.each(testStores)('denials on $dialect', ({ create }) => {
  let store: Awaited<ReturnType<typeof create>>
  let database: Database & { commitCount(): number }
  beforeEach(async () => {
    store = await create()
    database = await store.open()
  })
  afterEach(() => store.remove())

  const recorderOf = (more: { limits?: Parameters<typeof pruneDenials>[2]; log?: Logger } = {}) =>
    createDenialRecorder({ database, masterKey, clock: { now: () => NOW }, log: silentLogger, ...more })
  const count = async (name: 'access_denials' | 'access_explanations') =>
    Number(
      (
        await database.query
          .selectFrom(name)
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    )

  it('are found by request id as soon as they are recorded', async () => {
    const denial = denialOf({ request: requestOf({ owner: AWAY }) })
    await recorderOf().record(denial)
    const [found, ...more] = await findDenials(database, denial.id)
    expect(more).toEqual([])
    expect(found!.row).toMatchObject({
      request_id: denial.id,
      at: NOW,
      principal: ann.arn,
      principal_account: HOME,
      resource_account: AWAY,
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::data/model.tar.gz',
      policy_type: 'identity',
      explicit: 0,
    })
    expect(found!.details).toEqual(JSON.parse(JSON.stringify(describeDenial(denial))))
    expect(await findDenials(database, crypto.randomUUID())).toEqual([])
  })

  it('of one request are kept in their order', async () => {
    const recorder = recorderOf()
    const id = crypto.randomUUID()
    const keys = ['b', 'a', 'c'].map((key) => `arn:aws:s3:::data/${key}`)
    for (const resource of keys) await recorder.record(denialOf({ id, request: requestOf({ resource }) }))
    expect((await findDenials(database, id)).map(({ row }) => row.resource)).toEqual(keys)
    expect((await latestDenials(database, 2)).map(({ resource }) => resource)).toEqual([keys[2], keys[1]])
  })

  it('that come in a flood share commits and explanations, and each is found', async () => {
    const recorder = recorderOf()
    const policies = applicable({})
    const flood = Array.from({ length: 3_000 }, () => denialOf({ policies }))
    const before = database.commitCount()
    await Promise.all(flood.map((denial) => recorder.record(denial)))
    expect(database.commitCount() - before).toBeLessThan(10)
    expect(await count('access_denials')).toBe(3_000)
    expect(await count('access_explanations')).toBe(20)
    for (const denial of [flood[0]!, flood[2_999]!])
      expect((await findDenials(database, denial.id))[0]!.details?.action).toBe('s3:GetObject')
  })

  it('of ever new resources do not cause ever new explanations', async () => {
    const recorder = recorderOf()
    const policies = applicable({})
    const flood = Array.from({ length: 1_000 }, (_, index) =>
      denialOf({ policies, request: requestOf({ resource: `arn:aws:s3:::data/${index}` }) }),
    )
    await Promise.all(flood.map((denial) => recorder.record(denial)))
    expect(await count('access_explanations')).toBe(200)
    const [last] = await findDenials(database, flood[999]!.id)
    expect(last!.row.resource).toBe('arn:aws:s3:::data/999')
    expect(last!.details?.requestId).toBe(flood[199]!.id)
  })

  it('are explained anew once a policy has changed', async () => {
    const recorder = recorderOf()
    for (let index = 0; index < 30; index++) await recorder.record(denialOf({ policies: applicable({ identity: [] }) }))
    const changed = denialOf({ policies: applicable({ identity: [deny()] }) })
    await recorder.record(changed)
    expect((await findDenials(database, changed.id))[0]!.details?.requestId).toBe(changed.id)
  })

  it('are pruned by number and by age, those without a name apart', async () => {
    const limits = { denials: 50, explanations: 10, anonymous: 5 }
    const recorder = recorderOf({ limits })
    const anonymous = requestOf({ who: anonymousPrincipal })
    await recorder.record(denialOf({ at: NOW - DENIAL_LIFE - 1 }))
    for (let index = 0; index < 100; index++) {
      const at = NOW - 1_000_000 + index * 1_000
      await recorder.record(denialOf({ at, request: index % 10 === 0 ? anonymous : requestOf({}) }))
    }
    await database.commit(pruneDenials(database, NOW, limits))
    const rows = await latestDenials(database, 1_000)
    expect(rows).toHaveLength(50)
    expect(rows.at(-1)!.at).toBe(NOW - 1_000_000 + 50 * 1_000)
    expect(rows.filter(({ principal }) => principal === 'anonymous')).toHaveLength(5)
    expect(await count('access_explanations')).toBe(10)
    expect((await findDenials(database, rows.at(-1)!.request_id))[0]!.details).toBeUndefined()
  })

  it('of callers without a name are recorded one a second', async () => {
    const recorder = recorderOf()
    const request = requestOf({ who: anonymousPrincipal })
    for (let index = 0; index < 50; index++) await recorder.record(denialOf({ request, at: NOW + index * 100 }))
    expect(await count('access_denials')).toBe(5)
    expect(recorder.encode(denialOf({ request }))).toBeUndefined()
  })

  it('that cannot be written are lost, and said once', async () => {
    const said: unknown[] = []
    const log = { ...silentLogger, warn: (...args: unknown[]) => said.push(args) } as unknown as Logger
    const broken: Database = { ...database, commit: () => Promise.reject(new StorageUnavailableError('away')) }
    const recorder = createDenialRecorder({ database: broken, masterKey, clock: { now: () => NOW }, log })
    for (let index = 0; index < 5; index++) await recorder.record(denialOf())
    expect(said).toHaveLength(1)
  })

  describe('decoded', () => {
    const request = requestOf({ owner: AWAY, context: { 'aws:PrincipalTag/team': 'red' } })
    const policies = applicable({
      identity: [allow({ Sid: 'Mine' })],
      resource: [only(AWAY, { Sid: 'Theirs', Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' } } })],
    })
    const decode = async (encoded: string, account: string) => {
      const text = await decodeMessage({ database, masterKey }, encoded, account)
      return text === undefined ? undefined : JSON.parse(text)
    }

    it('tell each account what is its own', async () => {
      const recorder = recorderOf()
      const denial = denialOf({ request, policies })
      await recorder.record(denial)
      const message = recorder.encode(denial)!
      expect(message).not.toContain('ann')
      for (const encoded of [message, denial.id, denial.id.toUpperCase()]) {
        const mine = await decode(encoded, HOME)
        expect(mine).toMatchObject({
          allowed: false,
          explicitDeny: false,
          matchedStatements: {
            items: [
              { statementId: 'Mine', effect: 'ALLOW', actions: { items: [{ value: '*' }] }, conditions: { items: [] } },
            ],
          },
          failures: { items: [] },
          context: {
            principal: { id: ann.userId, name: 'ann', arn: ann.arn },
            action: 's3:GetObject',
            resource: 'arn:aws:s3:::data/model.tar.gz',
            conditions: { items: [{ key: 'aws:PrincipalTag/team', values: { items: [{ value: 'red' }] } }] },
          },
          considered: { policies: [{ policyType: 'identity' }], remedies: [{ policy: 'the bucket policy of data' }] },
        })
        const theirs = JSON.stringify(await decode(encoded, AWAY))
        expect(theirs).toContain('"sid":"Theirs"')
        expect(theirs).not.toContain('Mine')
        expect(theirs).not.toContain('"aws:PrincipalTag/team","values"')
        expect(await decode(encoded, '777788889999')).toBeUndefined()
        expect(await decode(encoded, '')).toBeUndefined()
      }
    })

    it('say the essence when the record is gone', async () => {
      const message = recorderOf().encode(denialOf({ request, policies }))!
      expect(await decode(message, HOME)).toMatchObject({
        explicitDeny: false,
        context: { principal: { id: ann.userId, arn: ann.arn }, action: 's3:GetObject' },
        considered: null,
      })
    })

    it('are nothing of what was not sealed here', async () => {
      const denial = denialOf({ request, policies })
      const message = recorderOf().encode(denial)!
      const foreign = createSealedBox(randomBytes(32)).seal(JSON.stringify({}), 'authorization-message/1')
      const other = masterKey.seal('{}', 'session-token/1')
      for (const encoded of [foreign, other, `${message}x`, message.slice(1), 'x', denial.id, `${denial.id}'`])
        expect(await decode(encoded, HOME)).toBeUndefined()
    })
  })
})
