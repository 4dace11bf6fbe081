import { describe, expect, test } from 'vitest'
import { covers, type Grant, retirers } from './grant.ts'

const ROLE = 'arn:aws:iam::222222222222:role/deploy'
const USER = 'arn:aws:iam::222222222222:user/ann'
const ISSUER = 'arn:aws:iam::111111111111:root'

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
  test.each<[string, Partial<Grant>, readonly string[]]>([
    ['who made it', {}, [ISSUER]],
    ['the grantee if it says so', { operations: ['RetireGrant'] }, [ROLE, ISSUER]],
    ['whom it names', { retiring: USER }, [USER, ISSUER]],
  ])('is given back by %s', (_who, changes, names) => {
    expect(retirers(grant(changes))).toEqual(names)
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
