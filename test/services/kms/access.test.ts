import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import { testStores } from '../../support/databases.ts'
import { allow, deny, policyOf } from '../../support/identities.ts'
import { OWNER, ownerRoot, STRANGER, startKms, strangerRoot, type TestKms } from '../../support/kms-service.ts'
import { refused } from '../../support/s3-service.ts'

const plain = Buffer.from('hello')
const ENCRYPT = 'kms:Encrypt'

/** Sentences of AWS for why a use is refused. */
const NO_IDENTITY = 'because no identity-based policy allows'
const NO_RESOURCE = 'because no resource-based policy allows'
const DENIED_IDENTITY = 'with an explicit deny in an identity-based policy'
const DENIED_RESOURCE = 'with an explicit deny in a resource-based policy'

const DELEGATED = { ...allow('kms:*'), Principal: { AWS: `arn:aws:iam::${OWNER}:root` } }

describe.each(testStores)('who may use a key, on $dialect', ({ create }) => {
  let kms: TestKms
  let arn: string
  beforeEach(async () => {
    kms = await startKms(await create())
    arn = await kms.createKey()
  })
  afterEach(() => kms.stop())

  const setPolicy = (...statements: readonly object[]) =>
    kms.call('PutKeyPolicy', {
      KeyId: arn,
      Policy: policyOf(DELEGATED, ...statements),
      BypassPolicyLockoutSafetyCheck: true,
    })
  const encrypt = (principal: Principal, EncryptionContext?: Record<string, string>) =>
    kms.call('Encrypt', { KeyId: arn, Plaintext: plain, EncryptionContext }, principal)
  /** `yes`, or how it is refused. */
  const outcome = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call
      return 'yes'
    } catch (error) {
      expect(error).toMatchObject({ code: 'AccessDeniedException', status: 400 })
      return (error as Error).message
    }
  }

  /** Who asks, what the identity's policy says, what the key's says beside the delegation to its account, the outcome. */
  const named = (name: string) => ({ AWS: `arn:aws:iam::${name.replace('/', ':role/')}` })
  test.each<[string, string, readonly object[], readonly object[], string]>([
    ['a role without a policy', OWNER, [], [], NO_IDENTITY],
    ['a role that its own policy lets', OWNER, [allow(ENCRYPT)], [], 'yes'],
    ['a role that its policy lets do something else', OWNER, [allow('kms:Decrypt')], [], NO_IDENTITY],
    [
      'a role that its policy lets use another key',
      OWNER,
      [allow(ENCRYPT, { Resource: 'arn:aws:kms:*:*:key/x' })],
      [],
      NO_IDENTITY,
    ],
    ['a role that its policy denies', OWNER, [allow(), deny(ENCRYPT)], [], DENIED_IDENTITY],
    ['a role that the key names', OWNER, [], [{ ...allow(ENCRYPT), Principal: named(`${OWNER}/r`) }], 'yes'],
    [
      'a role that the key denies',
      OWNER,
      [allow()],
      [{ ...deny(ENCRYPT), Principal: named(`${OWNER}/r`) }],
      DENIED_RESOURCE,
    ],
    [
      'a stranger whom both let',
      STRANGER,
      [allow(ENCRYPT)],
      [{ ...allow(ENCRYPT), Principal: { AWS: STRANGER } }],
      'yes',
    ],
    [
      'a stranger whom only the key lets',
      STRANGER,
      [],
      [{ ...allow(ENCRYPT), Principal: named(`${STRANGER}/r`) }],
      NO_IDENTITY,
    ],
    ['a stranger whom only its own policy lets', STRANGER, [allow()], [], NO_RESOURCE],
    [
      'a stranger of whom the key lets another',
      STRANGER,
      [allow()],
      [{ ...allow(ENCRYPT), Principal: named(`${STRANGER}/x`) }],
      NO_RESOURCE,
    ],
  ])('%s', async (_who, account, own, ofKey, expected) => {
    const role = await kms.identities.role(account, 'r', ...own)
    await setPolicy(...ofKey)
    const said = await outcome(encrypt(role))
    if (expected === 'yes') expect(said).toBe('yes')
    else {
      expect(said).toMatch(
        `User: ${role.arn} is not authorized to perform: kms:Encrypt on resource: ${arn} ${expected}`,
      )
    }
  })

  test('root needs the key to name the account, and can be denied by the key', async () => {
    await encrypt(ownerRoot)
    await setPolicy({ ...deny(ENCRYPT), Principal: '*' })
    expect(await outcome(encrypt(ownerRoot))).toMatch(DENIED_RESOURCE)
    const own = await kms.identities.role(OWNER, 'holder')
    await kms.call('PutKeyPolicy', {
      KeyId: arn,
      Policy: policyOf({ ...allow('kms:*'), Principal: named(`${OWNER}/holder`) }),
      BypassPolicyLockoutSafetyCheck: true,
    })
    expect(await outcome(encrypt(ownerRoot))).toMatch(NO_RESOURCE)
    await encrypt(own)
  })

  test('a grant lets its grantee without any policy, until it is taken away; a denial goes before it', async () => {
    const role = await kms.identities.role(STRANGER, 'r')
    expect(await outcome(encrypt(role))).toMatch(NO_IDENTITY)
    const { GrantId } = await kms.call('CreateGrant', {
      KeyId: arn,
      GranteePrincipal: role.roleArn as string,
      Operations: ['Encrypt'],
    })
    expect(await outcome(encrypt(role))).toBe('yes')
    await kms.identities.give(role, deny(ENCRYPT))
    expect(await outcome(encrypt(role))).toMatch(DENIED_IDENTITY)
    await kms.identities.give(role)
    await setPolicy({ ...deny(ENCRYPT), Principal: { AWS: '*' } })
    expect(await outcome(encrypt(role))).toMatch(DENIED_RESOURCE)
    await setPolicy()
    expect(await outcome(encrypt(role))).toBe('yes')
    await kms.call('RevokeGrant', { KeyId: arn, GrantId: GrantId as string })
    expect(await outcome(encrypt(role))).toMatch(NO_IDENTITY)
  })

  test('a grant to an account leaves it to that account', async () => {
    const [let_, not] = [
      await kms.identities.role(STRANGER, 'a', allow(ENCRYPT)),
      await kms.identities.role(STRANGER, 'b'),
    ]
    await kms.call('CreateGrant', { KeyId: arn, GranteePrincipal: strangerRoot.arn, Operations: ['Encrypt'] })
    expect(await outcome(encrypt(let_))).toBe('yes')
    expect(await outcome(encrypt(not))).toMatch(NO_IDENTITY)
    expect(await outcome(encrypt(strangerRoot))).toBe('yes')
  })

  test('a policy that lets somebody make grants is no grant, and one that comes by a grant reaches no further', async () => {
    const maker = await kms.identities.role(OWNER, 'maker', allow('kms:CreateGrant'))
    const grant = (principal: Principal, Operations: ('Encrypt' | 'Decrypt' | 'CreateGrant')[]) =>
      kms.call('CreateGrant', { KeyId: arn, GranteePrincipal: strangerRoot.arn, Operations }, principal)
    await grant(maker, ['Encrypt', 'Decrypt'])
    const handed = await kms.identities.role(STRANGER, 'handed')
    for (const operation of ['Encrypt', 'Decrypt'] as const) {
      await kms.call('CreateGrant', {
        KeyId: arn,
        GranteePrincipal: handed.roleArn as string,
        Operations: ['CreateGrant', operation],
      })
    }
    await grant(handed, ['Encrypt'])
    await grant(handed, ['Decrypt'])
    // Each by another grant: none gives both.
    expect(await outcome(grant(handed, ['Encrypt', 'Decrypt']))).toMatch('does not give all that this one would')
  })

  test.each<[string, object, Record<string, string> | undefined, boolean]>([
    ['kms:CallerAccount', { StringEquals: { 'kms:CallerAccount': OWNER } }, undefined, true],
    ['kms:CallerAccount of another', { StringEquals: { 'kms:CallerAccount': STRANGER } }, undefined, false],
    ['kms:ViaService', { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } }, undefined, false],
    ['a pair of the context', { StringEquals: { 'kms:EncryptionContext:Model': 'm' } }, { Model: 'm', x: 'y' }, true],
    ['another pair', { StringEquals: { 'kms:EncryptionContext:Model': 'm' } }, { Model: 'n' }, false],
    ['no pair', { StringEquals: { 'kms:EncryptionContext:Model': 'm' } }, undefined, false],
    ['a pair hidden behind another', { StringEquals: { 'kms:EncryptionContext:a': '1' } }, { a: '1', A: '2' }, false],
    [
      'the names of the context',
      { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['a', 'b'] } },
      { a: '1' },
      true,
    ],
    ['other names', { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['a', 'b'] } }, { c: '1' }, false],
    ['the algorithm', { StringEquals: { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' } }, undefined, true],
    [
      'the kind of key',
      { StringEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT', 'kms:KeyUsage': 'ENCRYPT_DECRYPT' } },
      undefined,
      true,
    ],
    ['an alias of the key', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/own' } }, undefined, true],
    ['the alias asked for', { StringEquals: { 'kms:RequestAlias': 'alias/own' } }, undefined, false],
    ['a tag of the key', { StringEquals: { 'aws:ResourceTag/team': 'ml' } }, undefined, true],
    ['another tag', { StringEquals: { 'aws:ResourceTag/team': 'bi' } }, undefined, false],
  ])('a condition on %s', async (_on, Condition, context, allowed) => {
    await kms.call('CreateAlias', { AliasName: 'alias/own', TargetKeyId: arn })
    await kms.call('TagResource', { KeyId: arn, Tags: [{ TagKey: 'team', TagValue: 'ml' }] })
    const role = await kms.identities.role(OWNER, 'r', allow(ENCRYPT, { Condition }))
    expect((await outcome(encrypt(role, context))) === 'yes').toBe(allowed)
  })

  test('conditions of single operations', async () => {
    await kms.call('CreateAlias', { AliasName: 'alias/own', TargetKeyId: arn })
    const when = (action: string, Condition: object) => allow(action, { Condition })
    const role = await kms.identities.role(
      OWNER,
      'r',
      when('kms:Encrypt', { StringEquals: { 'kms:RequestAlias': 'alias/own' } }),
      when('kms:ScheduleKeyDeletion', {
        NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '20' },
      }),
      when('kms:PutKeyPolicy', { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'false' } }),
      when('kms:EnableKeyRotation', { NumericLessThan: { 'kms:RotationPeriodInDays': '100' } }),
      when('kms:CreateGrant', {
        'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt', 'Decrypt'] },
        StringLike: { 'kms:GranteePrincipal': '*:root' },
        StringEquals: { 'kms:GrantConstraintType': 'EncryptionContextSubset' },
        Bool: { 'kms:GrantIsForAWSResource': 'false' },
      }),
      when('kms:TagResource', { StringEquals: { 'aws:RequestTag/team': 'ml' } }),
    )
    const { Policy } = await kms.call('GetKeyPolicy', { KeyId: arn })
    const GranteePrincipal = strangerRoot.arn
    const Constraints = { EncryptionContextSubset: { a: '1' } }
    const KeyId = arn
    for (const [call, allowed] of [
      [() => kms.call('Encrypt', { KeyId: 'alias/own', Plaintext: plain }, role), true],
      [() => kms.call('Encrypt', { KeyId, Plaintext: plain }, role), false],
      [() => kms.call('PutKeyPolicy', { KeyId, Policy: Policy as string }, role), true],
      [
        () => kms.call('PutKeyPolicy', { KeyId, Policy: Policy as string, BypassPolicyLockoutSafetyCheck: true }, role),
        false,
      ],
      [() => kms.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 }, role), true],
      [() => kms.call('EnableKeyRotation', { KeyId }, role), false],
      [() => kms.call('CreateGrant', { KeyId, GranteePrincipal, Operations: ['Decrypt'], Constraints }, role), true],
      [() => kms.call('CreateGrant', { KeyId, GranteePrincipal, Operations: ['Decrypt'] }, role), false],
      [
        () => kms.call('CreateGrant', { KeyId, GranteePrincipal, Operations: ['DescribeKey'], Constraints }, role),
        false,
      ],
      [() => kms.call('TagResource', { KeyId, Tags: [{ TagKey: 'team', TagValue: 'ml' }] }, role), true],
      [() => kms.call('TagResource', { KeyId, Tags: [{ TagKey: 'team', TagValue: 'bi' }] }, role), false],
    ] as const) {
      expect((await outcome(call())) === 'yes').toBe(allowed)
    }
    const deletion = (PendingWindowInDays: number) =>
      kms.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }, role)
    expect(await outcome(deletion(7))).toMatch(NO_IDENTITY)
    expect(await outcome(deletion(20))).toBe('yes')
  })

  test('an alias and its keys are asked about apart', async () => {
    const alias = (action: string) => allow(action, { Resource: `arn:aws:kms:us-east-1:${OWNER}:alias/own` })
    const key = (action: string, one: string) => allow(action, { Resource: one })
    const other = await kms.createKey()
    const role = await kms.identities.role(OWNER, 'r', alias('kms:CreateAlias'))
    const make = () => kms.call('CreateAlias', { AliasName: 'alias/own', TargetKeyId: arn }, role)
    expect(await outcome(make())).toMatch(`kms:CreateAlias on resource: ${arn} ${NO_IDENTITY}`)
    await kms.identities.give(role, key('kms:CreateAlias', arn))
    expect(await outcome(make())).toMatch(`alias/own ${NO_IDENTITY}`)
    await kms.identities.give(role, key('kms:CreateAlias', arn), alias('kms:*Alias'))
    await make()
    const move = () => kms.call('UpdateAlias', { AliasName: 'alias/own', TargetKeyId: other }, role)
    expect(await outcome(move())).toMatch(`on resource: ${arn}`)
    await kms.identities.give(role, alias('kms:*Alias'), key('kms:UpdateAlias', arn))
    expect(await outcome(move())).toMatch(`on resource: ${other}`)
    await kms.identities.give(role, alias('kms:*Alias'), key('kms:UpdateAlias', arn), key('kms:*Alias', other))
    await move()
    await kms.call('DeleteAlias', { AliasName: 'alias/own' }, role)
  })

  test('what is missing in another account looks like what is closed', async () => {
    const stranger = kms.strangerRole
    const missing = `arn:aws:kms:us-east-1:${OWNER}:key/00000000-0000-0000-0000-000000000000`
    for (const KeyId of [missing, arn, `arn:aws:kms:us-east-1:${OWNER}:alias/missing`]) {
      expect(await outcome(kms.call('DescribeKey', { KeyId }, stranger))).toMatch(
        `User: ${stranger.arn} is not authorized to perform: kms:DescribeKey on resource: ${KeyId} ${NO_RESOURCE}`,
      )
    }
    const poor = await kms.identities.role(STRANGER, 'poor')
    expect(await outcome(kms.call('DescribeKey', { KeyId: missing }, poor))).toMatch(NO_IDENTITY)
    for (const KeyId of [missing, arn]) {
      expect(await outcome(kms.call('ListAliases', { KeyId }, stranger))).toMatch(NO_RESOURCE)
    }
    expect(await refused(kms.call('DescribeKey', { KeyId: missing }))).toMatchObject({ code: 'NotFoundException' })
  })

  test('some things are for the own account alone, whatever the policy says', async () => {
    await setPolicy({ ...allow('kms:*'), Principal: { AWS: STRANGER } })
    await encrypt(kms.strangerRole)
    expect(await outcome(kms.call('DisableKey', { KeyId: arn }, kms.strangerRole))).toMatch(NO_RESOURCE)
    expect(await outcome(kms.call('PutKeyPolicy', { KeyId: arn, Policy: '{}' }, kms.strangerRole))).toMatch(NO_RESOURCE)
  })

  test('a grant is given back by whom it names; the account that made it says who else', async () => {
    const [clerk, idle] = [
      await kms.identities.role(OWNER, 'clerk', allow('kms:RetireGrant')),
      await kms.identities.role(OWNER, 'idle'),
    ]
    const make = async (more: object = {}) =>
      (
        await kms.call('CreateGrant', {
          KeyId: arn,
          GranteePrincipal: strangerRoot.arn,
          Operations: ['Decrypt'],
          ...more,
        })
      ).GrantToken as string
    const retire = async (principal: Principal, GrantToken: string) =>
      outcome(kms.call('RetireGrant', { GrantToken }, principal))
    const token = await make()
    expect(await retire(kms.strangerRole, token)).toMatch(NO_RESOURCE)
    expect(await retire(idle, token)).toMatch(NO_IDENTITY)
    expect(await retire(clerk, token)).toBe('yes')
    const other = await make({ RetiringPrincipal: idle.roleArn })
    expect(await retire(idle, other)).toBe('yes')
    const denied = await make({ RetiringPrincipal: idle.roleArn })
    await kms.identities.give(idle, deny('kms:RetireGrant'))
    expect(await retire(idle, denied)).toMatch(DENIED_IDENTITY)
  })

  test('a key that AWS manages is used through its service, by whom no policy denies', async () => {
    const use = { region: 'us-east-1', keyId: 'alias/aws/s3' } as const
    const [reader, denied] = [
      await kms.identities.role(OWNER, 'reader'),
      await kms.identities.role(OWNER, 'denied', deny('kms:GenerateDataKey')),
    ]
    expect((await kms.facade.generateDataKey(reader, { ...use, via: 's3' })).plaintext).toHaveLength(32)
    expect(await outcome(kms.facade.generateDataKey(denied, { ...use, via: 's3' }))).toMatch(DENIED_IDENTITY)
    for (const via of [undefined, 'ecr'] as const) {
      expect(await outcome(kms.facade.generateDataKey(ownerRoot, { ...use, via }))).toMatch(NO_RESOURCE)
    }
    const { keyArn } = await kms.facade.describeKey(ownerRoot, use)
    expect(await outcome(kms.facade.describeKey(strangerRoot, { ...use, keyId: keyArn, via: 's3' }))).toMatch(
      NO_RESOURCE,
    )
    expect(await outcome(kms.call('ScheduleKeyDeletion', { KeyId: keyArn }))).toMatch(NO_RESOURCE)
  })

  test('a service that acts for somebody is told apart by kms:ViaService', async () => {
    const Condition = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } }
    const role = await kms.identities.role(OWNER, 'r', allow('kms:GenerateDataKey', { Condition }))
    const use = { region: 'us-east-1', keyId: arn } as const
    expect((await kms.facade.generateDataKey(role, { ...use, via: 's3' })).keyArn).toBe(arn)
    expect(await outcome(kms.facade.generateDataKey(role, use))).toMatch(NO_IDENTITY)
  })

  test('tags of a new key are asked for as well', async () => {
    const role = await kms.identities.role(OWNER, 'r', allow('kms:CreateKey'))
    await kms.call('CreateKey', {}, role)
    const tagged = kms.call('CreateKey', { Tags: [{ TagKey: 'team', TagValue: 'ml' }] }, role)
    expect(await outcome(tagged)).toMatch(`kms:TagResource on resource: * ${NO_IDENTITY}`)
  })
})
