import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ORIGIN, testAuthorizer } from '../../../../test/support/authorizer.ts'
import { testStores } from '../../../../test/support/databases.ts'
import { allow, deny, Identities } from '../../../../test/support/identities.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import type { Principal } from '../../../access/principal.ts'
import { rolePrincipal } from '../../../access/principals.ts'
import { systemClock } from '../../../shared/clock.ts'
import { watchCommits } from '../../../storage/commit-watch.ts'
import { startTableChangeFeed } from '../../../storage/table-change-feed.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import type { AccessQuestion, Authorizer, ResourceSide } from '../../authorizer.ts'
import { AllowedBefore } from './allowed-before.ts'

const ACCOUNT = '111122223333'
const ENDPOINT = `arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/iris`

/** Each is asked twice with the first question, so that the answer could be remembered, and then with the others. */
describe('what was allowed before', () => {
  let store: Awaited<ReturnType<(typeof testStores)[0]['create']>>
  let feed: Awaited<ReturnType<typeof startTableChangeFeed>>
  let watch: ReturnType<typeof watchCommits>
  let identities: Identities
  let authorizer: Authorizer
  let count = 0
  beforeAll(async () => {
    store = await testStores[0]!.create()
    const database = await store.open()
    watch = watchCommits(database, silentLogger)
    feed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log: silentLogger })
    identities = new Identities(database, feed)
    authorizer = testAuthorizer(database, feed)
  })
  afterAll(async () => {
    await feed.stop()
    watch.stop()
    await store.remove()
  })

  const userWith = (...statements: readonly object[]) => identities.user(ACCOUNT, `u${count++}`, ...statements)
  const questionOf = (principal: Principal, more: Partial<AccessQuestion> = {}): AccessQuestion => ({
    principal,
    action: 'sagemaker:InvokeEndpoint',
    resource: ENDPOINT,
    origin: ORIGIN,
    ...more,
  })
  const isAllowed = async (question: AccessQuestion) => (await authorizer.decide(question)).allowed
  const remember = async (question: AccessQuestion) => {
    expect(await isAllowed(question)).toBe(true)
    expect(await isAllowed(question)).toBe(true)
  }

  it('is allowed without a promise', async () => {
    const question = questionOf(await userWith(allow('sagemaker:*')))
    await remember(question)
    expect(authorizer.require(question)).toBeUndefined()
  })

  it('is so without a promise too where the request has what it had', async () => {
    const Condition = {
      IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
      'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' },
    }
    const origin = { ...ORIGIN, sourceIp: '10.1.2.3' }
    const principal = await userWith(allow('sagemaker:*', { Condition }))
    const asking = (...tagKeys: string[]) => questionOf(principal, { origin, conditions: { 'aws:tagkeys': tagKeys } })
    await remember(asking('a', 'b'))
    await remember(asking('a'))
    for (const other of [asking('b'), asking(), asking('b', 'c')]) expect(await isAllowed(other)).toBe(false)
  })

  it('is not so for another action, resource, owner or person', async () => {
    const only = { Resource: ENDPOINT }
    const principal = await userWith(allow('sagemaker:InvokeEndpoint', only))
    await remember(questionOf(principal))
    const stranger = await userWith(allow('kms:*'))
    for (const question of [
      questionOf(principal, { action: 'sagemaker:DeleteEndpoint' }),
      questionOf(principal, { resource: `${ENDPOINT}2` }),
      questionOf(principal, { resourceSide: { account: '444455556666' } }),
      questionOf(stranger),
    ])
      expect(await isAllowed(question)).toBe(false)
  })

  it('is asked anew when a policy has changed', async () => {
    const principal = await userWith(allow('sagemaker:*'))
    await remember(questionOf(principal))
    await identities.give(principal, allow('sagemaker:*'), deny('sagemaker:InvokeEndpoint'))
    expect(await isAllowed(questionOf(principal))).toBe(false)
    await identities.give(principal, allow('sagemaker:*'))
    await remember(questionOf(principal))
  })

  it.each<[string, object, Partial<AccessQuestion>]>([
    ['address', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { origin: { ...ORIGIN, sourceIp: '192.0.2.1' } }],
    [
      'time',
      { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } },
      { origin: { ...ORIGIN, now: Date.UTC(2031) } },
    ],
    [
      'region',
      { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
      { origin: { ...ORIGIN, region: 'eu-west-1' } },
    ],
    ['client', { StringLike: { 'aws:UserAgent': 'boto3*' } }, { origin: { ...ORIGIN, userAgent: 'curl' } }],
    [
      'key of the service',
      { StringEquals: { 'sagemaker:TargetModel': 'a' } },
      { conditions: { 'sagemaker:targetmodel': 'b' } },
    ],
    [
      'key that goes before a known one',
      { Null: { 'aws:PrincipalTag/team': 'true' } },
      { conditions: { 'aws:principaltag/team': 'x' } },
    ],
  ])('is asked anew where a policy looks at the %s', async (_name, Condition, other) => {
    const principal = await userWith(allow('sagemaker:*', { Condition }))
    const origin = { ...ORIGIN, sourceIp: '10.1.2.3', userAgent: 'boto3/1' }
    await remember(questionOf(principal, { origin, conditions: { 'sagemaker:targetmodel': 'a' } }))
    expect(
      await isAllowed(questionOf(principal, { origin, conditions: { 'sagemaker:targetmodel': 'a' }, ...other })),
    ).toBe(false)
  })

  it('is asked anew where a denial hangs on the request', async () => {
    const Condition = { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }
    const principal = await userWith(allow('sagemaker:*'), deny('*', { Condition }))
    await remember(questionOf(principal, { origin: { ...ORIGIN, sourceIp: '10.1.2.3' } }))
    expect(await isAllowed(questionOf(principal, { origin: { ...ORIGIN, sourceIp: '192.0.2.1' } }))).toBe(false)
  })

  it('is asked anew for another session of the role', async () => {
    const first = await identities.role(
      ACCOUNT,
      'worker',
      allow('sagemaker:*', { Condition: { StringLike: { 'aws:userid': '*:session' } } }),
    )
    await remember(questionOf(first))
    const role = { path: '/', name: 'worker', id: first.userId.split(':')[0]! }
    expect(await isAllowed(questionOf(rolePrincipal(ACCOUNT, role, 'another')))).toBe(false)
  })

  it('is asked anew where the resource has tags that count, or policies', async () => {
    const tagged = (stage: string): ResourceSide => ({ account: ACCOUNT, tags: async () => ({ stage }) })
    const Condition = { StringEquals: { 'aws:ResourceTag/stage': 'test' } }
    const principal = await userWith(allow('sagemaker:*', { Condition }))
    await remember(questionOf(principal, { resourceSide: tagged('test') }))
    expect(await isAllowed(questionOf(principal, { resourceSide: tagged('live') }))).toBe(false)

    const untagged = await userWith(allow('sagemaker:*', { Condition: { Null: { 'aws:ResourceTag/stage': 'true' } } }))
    await remember(questionOf(untagged, { resourceSide: { account: ACCOUNT, tags: async () => ({}) } }))
    expect(await isAllowed(questionOf(untagged, { resourceSide: tagged('live') }))).toBe(false)

    const free = await userWith(allow('sagemaker:*'))
    await remember(questionOf(free))
    const closed = JSON.stringify({ Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' } })
    const policies = [{ source: { id: 'closed', type: 'resource' as const }, policy: compilePolicy(closed) }]
    const resourceSide: ResourceSide = { account: ACCOUNT, policies: { rule: 'ordinary', policies } }
    expect(await isAllowed(questionOf(free, { resourceSide }))).toBe(false)
  })

  it('remembers few of the many sessions that ask about one resource', async () => {
    const side: ResourceSide = { account: ACCOUNT }
    const identity = { policies: [] } as unknown as Parameters<AllowedBefore['add']>[0]
    const sessions = Array.from({ length: 100 }, (_, index) =>
      questionOf(rolePrincipal(ACCOUNT, { path: '/', name: 'worker', id: 'AROA' }, `s${index}`)),
    )
    const allowed = new AllowedBefore()
    for (const question of sessions) allowed.add(identity, question, side, new Map())
    const known = sessions.filter((question) => allowed.find(identity, question, side) !== undefined)
    expect(known.length).toBeLessThanOrEqual(64)
    expect(known).toContain(sessions.at(-1))
  })

  it('goes on being right when more is asked than is remembered', async () => {
    const principal = await userWith(allow('sagemaker:*', { Resource: `${ENDPOINT}*` }))
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 300; index++) {
        expect(await isAllowed(questionOf(principal, { resource: `${ENDPOINT}${index}` }))).toBe(true)
        expect(await isAllowed(questionOf(principal, { resource: `other${index}` }))).toBe(false)
      }
    }
  })
})
