import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { OWNER, REGION, startKms, strangerRoot, type TestKms } from '../../support/kms-service.ts'
import { refused } from '../../support/s3-service.ts'

const DAY = 86_400_000

describe.each(testStores)('keys on $dialect', ({ create }) => {
  let kms: TestKms
  beforeEach(async () => {
    kms = await startKms(await create())
  })
  afterEach(() => kms.stop())

  const idOf = (arn: string) => arn.slice(arn.indexOf('key/') + 4)
  const describeKey = async (KeyId: string) => (await kms.call('DescribeKey', { KeyId })).KeyMetadata

  test('are created, described by every name, and listed', async () => {
    const arn = await kms.createKey({ Description: 'mine', Tags: [{ TagKey: 'team', TagValue: 'ml' }] })
    await kms.call('CreateAlias', { AliasName: 'alias/mine', TargetKeyId: arn })
    const metadata = await describeKey(arn)
    expect(metadata).toEqual({
      AWSAccountId: OWNER,
      KeyId: idOf(arn),
      Arn: `arn:aws:kms:us-east-1:${OWNER}:key/${idOf(arn)}`,
      CreationDate: kms.now,
      Enabled: true,
      Description: 'mine',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
      CurrentKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    for (const name of [idOf(arn), 'alias/mine', `arn:aws:kms:us-east-1:${OWNER}:alias/mine`]) {
      expect(await describeKey(name)).toEqual(metadata)
    }
    expect(await kms.call('ListKeys', {})).toEqual({ Keys: [{ KeyId: idOf(arn), KeyArn: arn }], Truncated: false })
    expect(await kms.call('ListKeys', {}, strangerRoot)).toEqual({ Keys: [], Truncated: false })
    const elsewhere = kms.call('DescribeKey', { KeyId: idOf(arn) }, undefined, 'eu-west-1')
    expect(await refused(elsewhere)).toMatchObject({
      code: 'NotFoundException',
      message: `Key '${arn.replace(REGION, 'eu-west-1')}' does not exist`,
    })
  })

  test('of kinds that Slipway does not have are refused by name', async () => {
    for (const [input, message] of [
      [{ KeySpec: 'RSA_2048' }, /KeySpec RSA_2048/],
      [{ CustomerMasterKeySpec: 'HMAC_256' }, /KeySpec HMAC_256/],
      [{ Origin: 'EXTERNAL' }, /Origin EXTERNAL/],
      [{ MultiRegion: true }, /MultiRegion/],
      [{ CustomKeyStoreId: 'cks-1' }, /CustomKeyStoreId/],
    ] as const) {
      expect(await refused(kms.call('CreateKey', input))).toMatchObject({
        code: 'NotImplemented',
        message: expect.stringMatching(message),
      })
    }
    for (const input of [
      { KeyUsage: 'SIGN_VERIFY' },
      { KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
    ] as const) {
      expect(await refused(kms.call('CreateKey', input))).toMatchObject({ code: 'ValidationException' })
    }
    expect((await kms.call('ListKeys', {})).Keys).toEqual([])
  })

  test('are disabled and enabled', async () => {
    const arn = await kms.createKey()
    await kms.call('DisableKey', { KeyId: arn })
    expect(await describeKey(arn)).toMatchObject({ Enabled: false, KeyState: 'Disabled' })
    for (const call of [
      kms.call('Encrypt', { KeyId: arn, Plaintext: Buffer.from('a') }),
      kms.call('GenerateDataKey', { KeyId: arn, KeySpec: 'AES_256' }),
      kms.call('EnableKeyRotation', { KeyId: arn }),
      kms.call('CreateGrant', { KeyId: arn, GranteePrincipal: strangerRoot.arn, Operations: ['Decrypt'] }),
    ]) {
      expect(await refused(call)).toMatchObject({ code: 'DisabledException', message: `${arn} is disabled.` })
    }
    await kms.call('EnableKey', { KeyId: arn })
    await kms.call('Encrypt', { KeyId: arn, Plaintext: Buffer.from('a') })
    expect(await refused(kms.call('DisableKey', { KeyId: arn }, strangerRoot))).toMatchObject({
      code: 'AccessDeniedException',
      message: `User: arn:aws:iam::222222222222:root is not authorized to perform: kms:DisableKey on resource: ${arn} because no resource-based policy allows the kms:DisableKey action`,
    })
  })

  test('wait for their deletion, which can be called off, and then go with all they have', async () => {
    const arn = await kms.createKey()
    await kms.call('CreateAlias', { AliasName: 'alias/going', TargetKeyId: arn })
    await kms.call('CreateGrant', { KeyId: arn, GranteePrincipal: strangerRoot.arn, Operations: ['Decrypt'] })
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: arn, Plaintext: Buffer.from('a') })
    for (const days of [6, 31]) {
      expect(await refused(kms.call('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: days }))).toMatchObject({
        code: 'ValidationException',
        message: `PendingWindowInDays should be between 7 and 30, but it is ${days}`,
      })
    }
    expect(await refused(kms.call('CancelKeyDeletion', { KeyId: arn }))).toMatchObject({
      code: 'KMSInvalidStateException',
      message: `${arn} is not pending deletion.`,
    })
    expect(await kms.call('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 })).toEqual({
      KeyId: arn,
      DeletionDate: kms.now + 7 * DAY,
      KeyState: 'PendingDeletion',
      PendingWindowInDays: 7,
    })
    expect(await describeKey(arn)).toMatchObject({ KeyState: 'PendingDeletion', DeletionDate: kms.now + 7 * DAY })
    for (const call of [
      kms.call('Decrypt', { CiphertextBlob }),
      kms.call('EnableKey', { KeyId: arn }),
      kms.call('ScheduleKeyDeletion', { KeyId: arn }),
      kms.call('CreateAlias', { AliasName: 'alias/late', TargetKeyId: arn }),
      kms.call('TagResource', { KeyId: arn, Tags: [] }),
      kms.call('UpdateKeyDescription', { KeyId: arn, Description: '' }),
    ]) {
      const error = await refused(call)
      expect(error).toMatchObject({ code: 'KMSInvalidStateException', message: `${arn} is pending deletion.` })
    }
    await kms.call('CancelKeyDeletion', { KeyId: arn })
    expect(await describeKey(arn)).toMatchObject({ KeyState: 'Disabled', DeletionDate: undefined })

    // The deletion that was called off does not happen; the one that comes due does.
    kms.now += 8 * DAY
    kms.deps.queue.start()
    const kept = await kms.createKey()
    await kms.call('ScheduleKeyDeletion', { KeyId: kept, PendingWindowInDays: 7 })
    expect(await describeKey(arn)).toMatchObject({ KeyState: 'Disabled' })
    await kms.call('EnableKey', { KeyId: arn })
    await kms.call('Decrypt', { CiphertextBlob })
    await kms.call('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 })
    kms.now += 7 * DAY
    await kms.createKey()
    await kms.deps.database.commit([kms.deps.queue.enqueue('kms-key-deletion', idOf(arn))])
    await eventually(async () => {
      expect(await refused(kms.call('DescribeKey', { KeyId: arn }))).toMatchObject({ code: 'NotFoundException' })
    })
    const { query } = kms.deps.database
    for (const table of ['kms_materials', 'kms_aliases', 'kms_grants'] as const) {
      expect(await query.selectFrom(table).selectAll().where('key_id', '=', idOf(arn)).execute(), table).toEqual([])
    }
    expect(await refused(kms.call('Decrypt', { CiphertextBlob }))).toMatchObject({ code: 'AccessDeniedException' })
  })

  test('that AWS manages are made once, when first asked for, and are for their service', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => describeKey('alias/aws/s3')))
    expect(new Set(all.map((key) => key?.Arn)).size).toBe(1)
    const arn = all[0]?.Arn as string
    expect(all[0]).toMatchObject({ KeyManager: 'AWS', KeyState: 'Enabled' })
    expect(await kms.call('GetKeyRotationStatus', { KeyId: arn })).toMatchObject({ KeyRotationEnabled: true })
    for (const call of [
      kms.call('Encrypt', { KeyId: 'alias/aws/s3', Plaintext: Buffer.from('a') }),
      kms.call('ScheduleKeyDeletion', { KeyId: arn }),
      kms.call('CreateAlias', { AliasName: 'alias/s3', TargetKeyId: arn }),
    ]) {
      expect(await refused(call)).toMatchObject({ code: 'AccessDeniedException' })
    }
    expect(await refused(kms.call('DescribeKey', { KeyId: 'alias/aws/nothing' }))).toMatchObject({
      code: 'NotFoundException',
      message: `Alias arn:aws:kms:us-east-1:${OWNER}:alias/aws/nothing is not found.`,
    })
    const theirs = `arn:aws:kms:us-east-1:${OWNER}:alias/aws/lambda`
    expect(await refused(kms.call('DescribeKey', { KeyId: theirs }, strangerRoot))).toMatchObject({
      code: 'AccessDeniedException',
    })
  })

  test('have aliases, which are kept apart by account and region', async () => {
    const [one, two] = [await kms.createKey(), await kms.createKey()]
    await kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: one })
    expect(await refused(kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: two }))).toMatchObject({
      code: 'AlreadyExistsException',
      message: `An alias with the name arn:aws:kms:us-east-1:${OWNER}:alias/a already exists`,
    })
    kms.now += 1000
    await kms.call('UpdateAlias', { AliasName: 'alias/a', TargetKeyId: two })
    expect((await describeKey('alias/a'))?.Arn).toBe(two)
    expect(await kms.call('ListAliases', { KeyId: two })).toEqual({
      Aliases: [
        {
          AliasName: 'alias/a',
          AliasArn: `arn:aws:kms:us-east-1:${OWNER}:alias/a`,
          TargetKeyId: idOf(two),
          CreationDate: kms.now - 1000,
          LastUpdatedDate: kms.now,
        },
      ],
      Truncated: false,
    })
    for (const [call, code] of [
      [kms.call('CreateAlias', { AliasName: 'b', TargetKeyId: one }), 'ValidationException'],
      [kms.call('CreateAlias', { AliasName: 'alias/', TargetKeyId: one }), 'ValidationException'],
      [kms.call('CreateAlias', { AliasName: 'alias/a:b', TargetKeyId: one }), 'ValidationException'],
      [kms.call('CreateAlias', { AliasName: 'alias/aws/b', TargetKeyId: one }), 'NotAuthorizedException'],
      [kms.call('CreateAlias', { AliasName: 'alias/b', TargetKeyId: 'alias/a' }), 'ValidationException'],
      [kms.call('DeleteAlias', { AliasName: 'alias/b' }), 'NotFoundException'],
      [kms.call('DeleteAlias', { AliasName: 'alias/a' }, strangerRoot), 'NotFoundException'],
      [kms.call('CreateAlias', { AliasName: 'alias/b', TargetKeyId: one }, strangerRoot), 'AccessDeniedException'],
      [kms.call('DisableKey', { KeyId: 'alias/a' }), 'InvalidArnException'],
    ] as const) {
      expect(await refused(call)).toMatchObject({ code })
    }
    await kms.call('DeleteAlias', { AliasName: 'alias/a' })
    expect((await kms.call('ListAliases', {})).Aliases).toEqual([])
  })

  test('are listed in pages', async () => {
    const arns = await Promise.all(Array.from({ length: 5 }, () => kms.createKey()))
    const found: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page = await kms.call('ListKeys', { Limit: 2, Marker })
      found.push(...(page.Keys ?? []).map((key) => key.KeyArn))
      expect(page.Truncated).toBe(page.NextMarker !== undefined)
      Marker = page.NextMarker
    } while (Marker !== undefined)
    expect(found).toEqual(arns.toSorted())
    expect(await refused(kms.call('ListKeys', { Marker: 'nonsense' }))).toMatchObject({
      code: 'InvalidMarkerException',
    })
  })

  test('have a policy and tags', async () => {
    const arn = await kms.createKey({ Tags: [{ TagKey: 'b', TagValue: '1' }] })
    const { Policy } = await kms.call('GetKeyPolicy', { KeyId: arn })
    expect(JSON.parse(Policy as string)).toMatchObject({
      Statement: [{ Principal: { AWS: `arn:aws:iam::${OWNER}:root` } }],
    })
    const next = (Policy as string).replace('key-default-1', 'mine')
    await kms.call('PutKeyPolicy', { KeyId: arn, Policy: next })
    expect(await kms.call('GetKeyPolicy', { KeyId: arn })).toEqual({ Policy: next, PolicyName: 'default' })
    expect(await kms.call('ListKeyPolicies', { KeyId: arn })).toEqual({ PolicyNames: ['default'], Truncated: false })
    expect(await refused(kms.call('PutKeyPolicy', { KeyId: arn, Policy: '{}' }))).toMatchObject({
      code: 'MalformedPolicyDocumentException',
    })

    await Promise.all(
      ['a', 'c', 'd'].map((key) => kms.call('TagResource', { KeyId: arn, Tags: [{ TagKey: key, TagValue: '2' }] })),
    )
    await kms.call('UntagResource', { KeyId: arn, TagKeys: ['b', 'nothing'] })
    const first = await kms.call('ListResourceTags', { KeyId: arn, Limit: 2 })
    expect(first.Tags?.map((tag) => tag.TagKey)).toEqual(['a', 'c'])
    const second = await kms.call('ListResourceTags', { KeyId: arn, Limit: 2, Marker: first.NextMarker })
    expect(second).toEqual({ Tags: [{ TagKey: 'd', TagValue: '2' }], Truncated: false })
    for (const Tags of [
      [{ TagKey: 'aws:x', TagValue: '' }],
      Array.from({ length: 51 }, (_, index) => ({ TagKey: `k${index}`, TagValue: '' })),
    ]) {
      expect(await refused(kms.call('TagResource', { KeyId: arn, Tags }))).toMatchObject({ code: 'TagException' })
    }
  })
})
