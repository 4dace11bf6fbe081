import { expect, test } from 'vitest'
import { ServiceError } from '../../../wire/service-error.ts'
import { parseKeyOnlyReference, parseKeyReference } from './key-reference.ts'

const scope = { account: '111111111111', region: 'us-east-1' }
const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
const arn = (resource: string, account = '222222222222', region = 'us-east-1') =>
  `arn:aws:kms:${region}:${account}:${resource}`

test.each([
  [id, { kind: 'key', id, ...scope }],
  ['alias/mine', { kind: 'alias', name: 'alias/mine', ...scope }],
  [arn(`key/${id}`), { kind: 'key', id, region: 'us-east-1', account: '222222222222' }],
  [arn('alias/a/b'), { kind: 'alias', name: 'alias/a/b', region: 'us-east-1', account: '222222222222' }],
])('%s names a key', (text, reference) => {
  expect(parseKeyReference(text, scope)).toEqual(reference)
})

test.each([
  ['foo', "Invalid keyId 'foo'"],
  ['1234abcd12ab34cd56ef1234567890ab', "Invalid keyId '1234abcd12ab34cd56ef1234567890ab'"],
  [arn('key/foo'), 'Invalid keyId foo'],
  [arn(`key/${id}`, '222222222222', 'eu-west-1'), 'Invalid arn eu-west-1'],
  [arn(id), `Invalid arn ${arn(id)}`],
  ['arn:aws:s3:::bucket', 'Invalid arn arn:aws:s3:::bucket'],
  ['arn:', 'Invalid arn arn:'],
  [arn(`key/${id}`, 'me'), `Invalid arn ${arn(`key/${id}`, 'me')}`],
])('%s names none', (text, message) => {
  expect(() => parseKeyReference(text, scope)).toThrow(new ServiceError('NotFoundException', message))
})

test('an alias is no key where none is taken', () => {
  for (const text of ['alias/a', arn('alias/a')]) {
    expect(() => parseKeyOnlyReference(text, scope)).toThrow('Key Aliases are not supported for this operation.')
  }
})
