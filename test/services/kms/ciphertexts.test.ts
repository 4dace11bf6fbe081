import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { ownerRoot, REGION, startKms, strangerRoot, type TestKms } from '../../support/kms-service.ts'
import { refused } from '../../support/s3-service.ts'

const DAY = 86_400_000
const hello = Buffer.from('hello')
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes as Uint8Array).toString()

describe.each(testStores)('ciphertexts on $dialect', ({ create }) => {
  let kms: TestKms
  let arn: string
  beforeEach(async () => {
    kms = await startKms(await create())
    arn = await kms.createKey()
  })
  afterEach(() => kms.stop())

  test('decrypt under their key in their context, and not otherwise', async () => {
    const EncryptionContext = { bucket: 'b', object: 'o' }
    const made = await kms.call('Encrypt', { KeyId: arn, Plaintext: hello, EncryptionContext })
    expect(made).toMatchObject({ KeyId: arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
    const CiphertextBlob = made.CiphertextBlob as Uint8Array
    const read = await kms.call('Decrypt', { CiphertextBlob, EncryptionContext: { object: 'o', bucket: 'b' } })
    expect({ ...read, Plaintext: text(read.Plaintext) }).toMatchObject({ KeyId: arn, Plaintext: 'hello' })

    const changed = new Uint8Array(CiphertextBlob)
    changed[80]! ^= 1
    for (const input of [
      { CiphertextBlob },
      { CiphertextBlob, EncryptionContext: { ...EncryptionContext, more: '' } },
      { CiphertextBlob: changed, EncryptionContext },
      { CiphertextBlob: Buffer.from('garbage'), EncryptionContext },
      { CiphertextBlob: CiphertextBlob.subarray(0, 50), EncryptionContext },
    ]) {
      expect(await refused(kms.call('Decrypt', input))).toMatchObject({
        code: 'InvalidCiphertextException',
        message: '',
      })
    }
    const other = await kms.createKey()
    expect(await refused(kms.call('Decrypt', { CiphertextBlob, EncryptionContext, KeyId: other }))).toMatchObject({
      code: 'IncorrectKeyException',
      message: 'The key ID in the request does not identify a CMK that can perform this operation.',
    })
    const elsewhere = kms.call('Decrypt', { CiphertextBlob, EncryptionContext }, ownerRoot, 'eu-west-1')
    expect(await refused(elsewhere)).toMatchObject({ code: 'AccessDeniedException' })
    expect(await refused(kms.call('Decrypt', { CiphertextBlob, EncryptionContext }, strangerRoot))).toMatchObject({
      code: 'AccessDeniedException',
    })
    expect(await refused(kms.call('Decrypt', {}))).toMatchObject({ code: 'ValidationException' })
  })

  test('hold from 1 to 4096 bytes', async () => {
    for (const size of [1, 4096]) {
      const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: arn, Plaintext: new Uint8Array(size) })
      expect((await kms.call('Decrypt', { CiphertextBlob })).Plaintext).toHaveLength(size)
    }
    expect(await refused(kms.call('Encrypt', { KeyId: arn, Plaintext: new Uint8Array(4097) }))).toMatchObject({
      code: 'ValidationException',
      message:
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
    })
    expect(
      await refused(kms.call('Encrypt', { KeyId: arn, Plaintext: hello, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' })),
    ).toMatchObject({
      code: 'InvalidKeyUsageException',
      message: 'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    })
    expect(await refused(kms.call('Encrypt', { KeyId: arn, Plaintext: hello, DryRun: true }))).toMatchObject({
      code: 'DryRunOperationException',
    })
  })

  test('move to another key and context', async () => {
    const other = await kms.createKey()
    const { CiphertextBlob } = await kms.call('Encrypt', {
      KeyId: arn,
      Plaintext: hello,
      EncryptionContext: { a: '1' },
    })
    const input = { CiphertextBlob, SourceEncryptionContext: { a: '1' }, DestinationKeyId: other }
    const moved = await kms.call('ReEncrypt', { ...input, DestinationEncryptionContext: { b: '2' } })
    expect(moved).toMatchObject({ SourceKeyId: arn, KeyId: other })
    const read = await kms.call('Decrypt', { CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { b: '2' } })
    expect({ key: read.KeyId, text: text(read.Plaintext) }).toEqual({ key: other, text: 'hello' })
    expect(await refused(kms.call('ReEncrypt', { ...input, SourceEncryptionContext: {} }))).toMatchObject({
      code: 'InvalidCiphertextException',
    })
    expect(await refused(kms.call('ReEncrypt', { ...input, SourceKeyId: other }))).toMatchObject({
      code: 'IncorrectKeyException',
    })
  })

  test('hold data keys', async () => {
    for (const [input, size] of [
      [{ KeySpec: 'AES_256' }, 32],
      [{ KeySpec: 'AES_128' }, 16],
      [{ NumberOfBytes: 7 }, 7],
    ] as const) {
      const made = await kms.call('GenerateDataKey', { KeyId: arn, ...input })
      expect(made.Plaintext).toHaveLength(size)
      const read = await kms.call('Decrypt', { CiphertextBlob: made.CiphertextBlob })
      expect(Buffer.from(read.Plaintext as Uint8Array)).toEqual(Buffer.from(made.Plaintext as Uint8Array))
    }
    const hidden = await kms.call('GenerateDataKeyWithoutPlaintext', { KeyId: arn, KeySpec: 'AES_256' })
    expect(Object.keys(hidden).sort()).toEqual(['CiphertextBlob', 'KeyId', 'KeyMaterialId'])
    for (const input of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }] as const) {
      expect(await refused(kms.call('GenerateDataKey', { KeyId: arn, ...input }))).toMatchObject({
        code: 'ValidationException',
        message: 'Please specify either number of bytes or key spec.',
      })
    }
    expect((await kms.call('GenerateRandom', { NumberOfBytes: 9 })).Plaintext).toHaveLength(9)
  })

  test('of every material decrypt, after rotations by demand and by time', async () => {
    const encrypt = async () => (await kms.call('Encrypt', { KeyId: arn, Plaintext: hello })).CiphertextBlob
    const material = async () =>
      (await kms.call('DescribeKey', { KeyId: arn })).KeyMetadata?.CurrentKeyMaterialId as string
    const blobs = [await encrypt()]
    const materials = [await material()]
    await kms.call('RotateKeyOnDemand', { KeyId: arn })
    blobs.push(await encrypt())
    materials.push(await material())
    await kms.call('EnableKeyRotation', { KeyId: arn, RotationPeriodInDays: 90 })
    expect(await kms.call('GetKeyRotationStatus', { KeyId: arn })).toEqual({
      KeyId: arn,
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: kms.now + 90 * DAY,
    })
    // It came due while the key was disabled, and is made up for.
    await kms.call('DisableKey', { KeyId: arn })
    kms.now += 90 * DAY
    kms.deps.queue.start()
    await kms.call('EnableKey', { KeyId: arn })
    materials.push(
      await eventually(async () => {
        const current = await material()
        expect(materials).not.toContain(current)
        return current
      }),
    )
    blobs.push(await encrypt())
    for (const [index, CiphertextBlob] of blobs.entries()) {
      const read = await kms.call('Decrypt', { CiphertextBlob })
      expect([text(read.Plaintext), read.KeyMaterialId]).toEqual(['hello', materials[index]])
    }
    const { Rotations } = await kms.call('ListKeyRotations', { KeyId: arn, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
    expect(Rotations?.map((one) => [one.KeyMaterialState, one.RotationType]).toSorted()).toEqual(
      [
        ['CURRENT', 'AUTOMATIC'],
        ['NON_CURRENT', 'ON_DEMAND'],
        ['NON_CURRENT', undefined],
      ].toSorted(),
    )
    await kms.call('DisableKeyRotation', { KeyId: arn })
    expect(await kms.call('GetKeyRotationStatus', { KeyId: arn })).toEqual({ KeyId: arn, KeyRotationEnabled: false })
  })

  test('are made for the other services, which have keys of their own', async () => {
    const use = { region: REGION, via: 's3', encryptionContext: { 'aws:s3:arn': 'arn:aws:s3:::b' } } as const
    const made = await kms.facade.generateDataKey(ownerRoot, { ...use, keyId: 'alias/aws/s3' })
    expect(made.plaintext).toHaveLength(32)
    const opened = await kms.facade.decrypt(ownerRoot, { ...use, ciphertext: made.ciphertext })
    expect(opened).toEqual({ keyArn: made.keyArn, plaintext: Buffer.from(made.plaintext) })
    expect(await kms.facade.describeKey(ownerRoot, { ...use, keyId: made.keyArn })).toEqual({
      keyArn: made.keyArn,
      keyId: made.keyArn.split('/')[1],
      account: ownerRoot.account,
      state: 'Enabled',
      manager: 'AWS',
    })
    const { ciphertext } = await kms.facade.encrypt(ownerRoot, { region: REGION, keyId: arn, plaintext: hello })
    expect(text((await kms.facade.decrypt(ownerRoot, { region: REGION, keyId: arn, ciphertext })).plaintext)).toBe(
      'hello',
    )
    const direct = kms.facade.decrypt(ownerRoot, { ...use, via: undefined, ciphertext: made.ciphertext })
    expect(await refused(direct)).toMatchObject({ code: 'AccessDeniedException' })
    const theirs = kms.facade.generateDataKey(strangerRoot, { region: REGION, keyId: arn })
    expect(await refused(theirs)).toMatchObject({ code: 'AccessDeniedException' })
  })

  test('give nothing away: no dump of the database holds key material', async () => {
    await kms.call('RotateKeyOnDemand', { KeyId: arn })
    const { database, materials } = kms.deps
    const rows = await database.query.selectFrom('kms_materials').selectAll().execute()
    const dump = JSON.stringify(
      await Promise.all(
        (['kms_keys', 'kms_materials', 'kms_aliases', 'kms_grants', 'work_items'] as const).map((table) =>
          database.query.selectFrom(table).selectAll().execute(),
        ),
      ),
    )
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      const secret = Buffer.from((await materials.load(row.key_id, row.material_id)) as Uint8Array)
      expect(secret).toHaveLength(32)
      for (const spelling of ['base64', 'base64url', 'hex', 'latin1'] as const) {
        expect(dump.includes(secret.toString(spelling))).toBe(false)
      }
      expect(Buffer.from(row.sealed, 'base64url').includes(secret)).toBe(false)
    }
    // Sealed for one key and material, it does not open as another's.
    const [one, two] = rows
    expect(kms.deps.masterKey.unseal(one!.sealed, `kms/${two!.key_id}/${two!.material_id}`)).toBeUndefined()
  })
})
