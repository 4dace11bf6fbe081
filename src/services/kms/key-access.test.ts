import { describe, expect, test } from 'vitest'
import { rolePrincipal, rootPrincipal, userPrincipal } from '../../access/principals.ts'
import type { KeyRow } from '../../storage/schema/kms.ts'
import { covers, type Grant, mayRetire } from './grants/grant.ts'
import { decideKeyAccess, grantAllows, principalNames } from './key-access.ts'

const ROLE = 'arn:aws:iam::222222222222:role/deploy'
const session = rolePrincipal('222222222222', { path: '/', name: 'deploy', id: 'AROA1' }, 's')
const user = userPrincipal('222222222222', { path: '/', name: 'ann', id: 'AIDA1' })
const owner = rootPrincipal('111111111111')

const grant = (changes: Partial<Grant> = {}): Grant => ({
  id: 'g',
  keyId: 'k',
  grantee: ROLE,
  retiring: null,
  operations: ['Decrypt', 'DescribeKey'],
  constraints: undefined,
  issuingAccount: '111111111111',
  ...changes,
})

describe('a grant', () => {
  test.each([
    ['the role to its session', ROLE, true],
    ['the session', session.arn, true],
    ['another session', session.arn.replace(/s$/, 't'), false],
    ['another role', `${ROLE}er`, false],
    ['a role of that name elsewhere', ROLE.replaceAll('2', '3'), false],
    ['the account', 'arn:aws:iam::222222222222:root', true],
    ['another account', 'arn:aws:iam::333333333333:root', false],
  ])('for %s', (_name, grantee, allowed) => {
    expect(grantAllows(grant({ grantee }), 'Decrypt', session, {})).toBe(allowed)
  })

  test('is for its operations only', () => {
    expect(grantAllows(grant(), 'Encrypt', session, {})).toBe(false)
    expect(grantAllows(grant(), 'DescribeKey', session, {})).toBe(true)
    expect(grantAllows(grant(), 'Decrypt', user, {})).toBe(false)
  })

  test.each([
    ['subset', { EncryptionContextSubset: { a: '1' } }, { a: '1', b: '2' }, true],
    ['subset', { EncryptionContextSubset: { a: '1' } }, { b: '2' }, false],
    ['subset', { EncryptionContextSubset: { a: '1' } }, { a: '2' }, false],
    ['subset', { EncryptionContextSubset: { a: '1' } }, {}, false],
    ['equals', { EncryptionContextEquals: { a: '1' } }, { a: '1' }, true],
    ['equals', { EncryptionContextEquals: { a: '1' } }, { a: '1', b: '2' }, false],
    ['equals', { EncryptionContextEquals: { a: '1', b: '2' } }, { a: '1' }, false],
  ])('constrained by %s %j takes %j: %s', (_kind, constraints, context, allowed) => {
    expect(grantAllows(grant({ constraints }), 'Decrypt', session, context as Record<string, string>)).toBe(allowed)
    // What has no encryption context is not constrained by it.
    expect(grantAllows(grant({ constraints }), 'DescribeKey', session, {})).toBe(true)
  })

  test('is given back by whom it names, the grantee if it says so, and who made it', () => {
    const retire = (one: Grant, principal: typeof user) => mayRetire(one, principal, principalNames(principal))
    expect(retire(grant(), session)).toBe(false)
    expect(retire(grant({ operations: ['RetireGrant'] }), session)).toBe(true)
    expect(retire(grant({ operations: ['RetireGrant'] }), user)).toBe(false)
    expect(retire(grant({ retiring: user.arn }), user)).toBe(true)
    expect(retire(grant(), owner)).toBe(true)
  })

  test.each([
    ['fewer operations', { operations: ['Decrypt'] }, {}, true],
    ['more operations', { operations: ['Decrypt', 'Encrypt'] }, {}, false],
    ['no constraint', {}, { EncryptionContextSubset: { a: '1' } }, false],
    [
      'a stricter constraint',
      { constraints: { EncryptionContextSubset: { a: '1', b: '2' } } },
      { EncryptionContextSubset: { a: '1' } },
      true,
    ],
    [
      'the whole context',
      { constraints: { EncryptionContextEquals: { a: '1' } } },
      { EncryptionContextSubset: { a: '1' } },
      true,
    ],
    [
      'part of the whole',
      { constraints: { EncryptionContextSubset: { a: '1' } } },
      { EncryptionContextEquals: { a: '1' } },
      false,
    ],
  ])('is handed on with %s: %s', (_name, child, constraints, allowed) => {
    const parent = grant({ constraints: Object.keys(constraints).length === 0 ? undefined : constraints })
    expect(covers(parent, grant(child))).toBe(allowed)
  })
})

describe('a key', () => {
  const key = (changes: Partial<KeyRow> = {}): KeyRow =>
    ({ key_id: 'k', account: '111111111111', region: 'us-east-1', managed_for: null, ...changes }) as KeyRow
  const decide = (changes: object, grants: readonly Grant[] = []) =>
    decideKeyAccess({ key: key(), action: 'kms:Decrypt', principal: session, ...changes }, grants).allowed

  test('is for its account, and for others by grant', () => {
    expect(decide({ principal: owner })).toBe(true)
    expect(decide({})).toBe(false)
    expect(decide({}, [grant()])).toBe(true)
    expect(decide({ encryptionContext: {} }, [grant({ constraints: { EncryptionContextEquals: { a: '1' } } })])).toBe(
      false,
    )
    // No grant reaches what cannot be done across accounts.
    expect(decide({ action: 'kms:DisableKey' }, [grant({ operations: ['DisableKey'] })])).toBe(false)
  })

  test('that AWS manages is for its service, and to be looked at', () => {
    const managed = key({ managed_for: 's3' })
    expect(decide({ key: managed, principal: owner })).toBe(false)
    expect(decide({ key: managed, principal: owner, via: 's3' })).toBe(true)
    expect(decide({ key: managed, principal: owner, via: 'ecr' })).toBe(false)
    expect(decide({ key: managed, principal: owner, action: 'kms:DescribeKey' })).toBe(true)
    expect(decide({ key: managed, principal: session, via: 's3' }, [grant()])).toBe(false)
  })
})
