import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { evaluate } from '../../../src/access/evaluation/evaluate.ts'
import type { Principal } from '../../../src/access/principal.ts'
import { keyResourcePolicies } from '../../../src/services/kms/key-access.ts'
import { findKeyById } from '../../../src/services/kms/keys/key-store.ts'
import type { KeyRow } from '../../../src/storage/schema/kms.ts'
import { testStores } from '../../support/databases.ts'
import { allow } from '../../support/identities.ts'
import { OWNER, STRANGER, startKms, strangerRoot, type TestKms } from '../../support/kms-service.ts'
import { refused } from '../../support/s3-service.ts'

const ROLE = `arn:aws:iam::${STRANGER}:role/deploy`
const plain = Buffer.from('hello')

describe.each(testStores)('grants on $dialect', ({ create }) => {
  let kms: TestKms
  let arn: string
  beforeEach(async () => {
    kms = await startKms(await create())
    arn = await kms.createKey()
  })
  afterEach(() => kms.stop())

  const grant = (more: object = {}, principal?: Principal) =>
    kms.call('CreateGrant', { KeyId: arn, GranteePrincipal: ROLE, Operations: ['Decrypt'], ...more }, principal)

  test('let a role of another account in, within their constraints, until they are revoked', async () => {
    const EncryptionContext = { model: 'm', version: '1' }
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: arn, Plaintext: plain, EncryptionContext })
    const read = (principal = kms.strangerRole) => kms.call('Decrypt', { CiphertextBlob, EncryptionContext }, principal)
    const denied = {
      code: 'AccessDeniedException',
      message: `User: ${kms.strangerRole.arn} is not authorized to perform: kms:Decrypt on resource: ${arn} because no resource-based policy allows the kms:Decrypt action`,
    }
    expect(await refused(read())).toMatchObject(denied)
    const wrong = await grant({ Constraints: { EncryptionContextSubset: { model: 'other' } } })
    expect(await refused(read())).toMatchObject(denied)
    const right = await grant({ Constraints: { EncryptionContextSubset: { model: 'm' } } })
    expect(Buffer.from((await read()).Plaintext as Uint8Array)).toEqual(plain)
    const otherRole = await kms.identities.role(STRANGER, 'train', allow())
    expect(await refused(read(otherRole))).toMatchObject({ code: 'AccessDeniedException' })
    expect(await refused(kms.call('Encrypt', { KeyId: arn, Plaintext: plain }, kms.strangerRole))).toMatchObject({
      code: 'AccessDeniedException',
    })
    await kms.call('RevokeGrant', { KeyId: arn, GrantId: right.GrantId as string })
    expect(await refused(read())).toMatchObject(denied)
    expect((await kms.call('ListGrants', { KeyId: arn })).Grants?.map((one) => one.GrantId)).toEqual([wrong.GrantId])
  })

  test('with a name are made once, whatever the order of what they say', async () => {
    const one = await grant({
      Name: 'n',
      Operations: ['Decrypt', 'Encrypt'],
      Constraints: { EncryptionContextEquals: { a: '1', b: '2' } },
    })
    const again = await Promise.all(
      Array.from({ length: 5 }, () =>
        grant({
          Name: 'n',
          Operations: ['Encrypt', 'Decrypt'],
          Constraints: { EncryptionContextEquals: { b: '2', a: '1' } },
        }),
      ),
    )
    expect(new Set(again.map((made) => made.GrantId))).toEqual(new Set([one.GrantId]))
    expect(new Set([one, ...again].map((made) => made.GrantToken)).size).toBe(6)
    expect((await grant({ Name: 'n' })).GrantId).not.toBe(one.GrantId)
    expect((await grant()).GrantId).not.toBe((await grant()).GrantId)
    const listed = (await kms.call('ListGrants', { KeyId: arn, GrantId: one.GrantId })).Grants
    expect(listed).toEqual([
      {
        KeyId: arn,
        GrantId: one.GrantId,
        Name: 'n',
        CreationDate: kms.now,
        GranteePrincipal: ROLE,
        RetiringPrincipal: undefined,
        IssuingAccount: `arn:aws:iam::${OWNER}:root`,
        Operations: ['Decrypt', 'Encrypt'],
        Constraints: { EncryptionContextEquals: { a: '1', b: '2' } },
      },
    ])
  })

  test('are given back by token or id, by whom they name', async () => {
    const made = await grant({ RetiringPrincipal: ROLE })
    const other = await grant()
    const retirable = await kms.call('ListRetirableGrants', { RetiringPrincipal: ROLE }, strangerRoot)
    expect(retirable.Grants?.map((one) => [one.GrantId, one.KeyId])).toEqual([[made.GrantId, arn]])
    expect(await refused(kms.call('ListRetirableGrants', { RetiringPrincipal: ROLE }))).toMatchObject({
      code: 'AccessDeniedException',
    })
    expect(await refused(kms.call('RetireGrant', { GrantToken: other.GrantToken }, kms.strangerRole))).toMatchObject({
      code: 'AccessDeniedException',
    })
    await kms.call('RetireGrant', { GrantToken: made.GrantToken }, kms.strangerRole)
    expect(await refused(kms.call('RetireGrant', { GrantToken: made.GrantToken }, kms.strangerRole))).toMatchObject({
      code: 'NotFoundException',
    })
    await kms.call('RetireGrant', { KeyId: arn, GrantId: other.GrantId })
    expect((await kms.call('ListGrants', { KeyId: arn })).Grants).toEqual([])
    for (const [input, code] of [
      [{}, 'ValidationException'],
      [{ KeyId: arn }, 'ValidationException'],
      [{ GrantToken: 'forged' }, 'InvalidGrantTokenException'],
      [{ GrantToken: `${made.GrantToken}A` }, 'InvalidGrantTokenException'],
      [{ KeyId: arn, GrantId: 'short' }, 'InvalidGrantIdException'],
      [{ KeyId: arn, GrantId: '0'.repeat(64) }, 'NotFoundException'],
    ] as const) {
      expect(await refused(kms.call('RetireGrant', input)), JSON.stringify(input)).toMatchObject({ code })
    }
  })

  test('are not reached through another key', async () => {
    const other = await kms.createKey()
    const made = await grant()
    expect(await refused(kms.call('RevokeGrant', { KeyId: other, GrantId: made.GrantId as string }))).toMatchObject({
      code: 'NotFoundException',
    })
    const token = { GrantTokens: [made.GrantToken as string] }
    const data = await kms.call('Encrypt', { KeyId: other, Plaintext: plain })
    const read = kms.call('Decrypt', { CiphertextBlob: data.CiphertextBlob, ...token }, kms.strangerRole)
    expect(await refused(read)).toMatchObject({ code: 'AccessDeniedException' })
    const forged = kms.call('Encrypt', { KeyId: arn, Plaintext: plain, GrantTokens: ['forged'] })
    expect(await refused(forged)).toMatchObject({ code: 'InvalidGrantTokenException' })
  })

  test('are handed on by whom they let, no further than they reach', async () => {
    await grant({ Operations: ['CreateGrant', 'Decrypt'] })
    const narrower = await grant({ GranteePrincipal: strangerRoot.arn }, kms.strangerRole)
    const listed = await kms.call('ListGrants', { KeyId: arn, GrantId: narrower.GrantId })
    expect(listed.Grants?.[0]?.IssuingAccount).toBe(strangerRoot.arn)
    expect(await refused(grant({ Operations: ['Encrypt'] }, kms.strangerRole))).toMatchObject({
      code: 'AccessDeniedException',
    })
    expect(await refused(kms.call('ListGrants', { KeyId: arn }, kms.strangerRole))).toMatchObject({
      code: 'AccessDeniedException',
    })
  })

  test('and the key policy are what the evaluation of policies is given', async () => {
    await grant()
    await grant({ GranteePrincipal: `${ROLE}-other` })
    const key = (await findKeyById(kms.deps.database, arn.slice(arn.indexOf('key/') + 4))) as KeyRow
    const resource = await keyResourcePolicies(kms.deps, key, kms.strangerRole)
    expect(resource.grants).toHaveLength(1)
    const decide = (action: string) =>
      evaluate(
        { principal: kms.strangerRole, action, resource: arn, resourceAccount: OWNER, context: new Map() },
        { identity: [], resource },
      ).allowed
    expect([decide('kms:Decrypt'), decide('kms:Encrypt')]).toEqual([true, false])
  })

  test('that make no sense are refused', async () => {
    for (const [more, code] of [
      [{ GranteePrincipal: 'deploy' }, 'InvalidArnException'],
      [{ GranteePrincipal: `arn:aws:iam::${STRANGER}:group/g` }, 'InvalidArnException'],
      [{ RetiringPrincipal: 'arn:aws:s3:::bucket' }, 'InvalidArnException'],
      [{ Operations: ['Sign'] }, 'ValidationException'],
      [{ Operations: [] }, 'ValidationException'],
      [
        { Constraints: { EncryptionContextEquals: { a: '1' }, EncryptionContextSubset: { a: '1' } } },
        'ValidationException',
      ],
      [{ KeyId: 'alias/a' }, 'InvalidArnException'],
      [{ GrantTokens: ['x'] }, 'InvalidGrantTokenException'],
      [{ DryRun: true }, 'DryRunOperationException'],
    ] as const) {
      expect(await refused(grant(more)), JSON.stringify(more)).toMatchObject({ code })
    }
    expect((await kms.call('ListGrants', { KeyId: arn })).Grants).toEqual([])
  })
})
