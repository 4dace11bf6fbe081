import { describe, expect, it } from 'vitest'
import { errorOf } from '../../../test/support/signed-request.ts'

describe('keys that are not accepted', () => {
  const lookup = (name: 'unknown-key' | 'inactive-key' | 'invalid-token' | 'expired-token') => ({
    fault: name,
    accessKeyId: 'AKIAX',
  })
  it('get the error of the protocol', () => {
    const invalid = 'The security token included in the request is invalid.'
    for (const name of ['unknown-key', 'inactive-key', 'invalid-token'] as const) {
      expect(errorOf(lookup(name))).toMatchObject({
        code: 'UnrecognizedClientException',
        status: 400,
        message: invalid,
      })
      expect(errorOf(lookup(name), 'rest-json')).toMatchObject({ code: 'UnrecognizedClientException', status: 403 })
      expect(errorOf(lookup(name), 'query')).toMatchObject({ code: 'InvalidClientTokenId', status: 403 })
    }
    expect(errorOf(lookup('expired-token'))).toMatchObject({ code: 'ExpiredTokenException', status: 400 })
    expect(errorOf(lookup('expired-token'), 'query')).toMatchObject({ code: 'ExpiredToken', status: 403 })
    expect(errorOf(lookup('unknown-key'), 'rest-xml')).toMatchObject({
      code: 'InvalidAccessKeyId',
      status: 403,
      members: { AWSAccessKeyId: 'AKIAX' },
    })
    expect(errorOf(lookup('invalid-token'), 'rest-xml')).toMatchObject({ code: 'InvalidToken', status: 400 })
    expect(errorOf(lookup('expired-token'), 'rest-xml')).toMatchObject({ code: 'ExpiredToken', status: 400 })
  })
})
