import { describe, expect, it } from 'vitest'
import { DOCUMENTED, errorOf, fault } from '../../../test/support/signed-request.ts'
import { parseSignature } from './parse.ts'
import type { SignableRequest } from './signable-request.ts'
import { verifySignature } from './verify.ts'

describe('version 2 in a query', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
  const documented = {
    method: 'GET',
    target:
      '/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620',
    headers: { host: 'johnsmith.s3.amazonaws.com' },
  }
  const time = 1_175_139_000_000
  const verify = (request: SignableRequest, bucketOfHost?: string) => {
    const signature = parseSignature(request, time, { service: 's3', bucketOfHost })
    return 'fault' in signature ? signature : verifySignature(signature, request, DOCUMENTED.secretAccessKey)
  }

  it('is verified as documented, for the bucket that the host names', () => {
    expect(verify(documented, 'johnsmith')).toBeUndefined()
    expect(verify(documented, 'johnsmyth')).toMatchObject({ fault: 'mismatch' })
    expect(verify(documented)).toMatchObject({ fault: 'mismatch' })
    const path = { ...documented, target: `/johnsmith${documented.target}`, headers: { host: 'localhost' } }
    expect(verify(path)).toBeUndefined()
  })

  it('is refused when anything is changed or added', () => {
    for (const more of [
      '&acl',
      '&versionId=1',
      '&response-content-type=text/html',
      '&legal-hold',
      '&attributes',
      '&x-amz-acl=private',
    ]) {
      expect(verify({ ...documented, target: documented.target + more }, 'johnsmith'), more).toMatchObject({
        fault: 'mismatch',
      })
    }
    expect(verify({ ...documented, method: 'PUT' }, 'johnsmith')).toMatchObject({ fault: 'mismatch' })
    const typed = { ...documented, headers: { ...documented.headers, 'content-type': 'text/html' } }
    expect(verify(typed, 'johnsmith')).toMatchObject({ fault: 'mismatch' })
    const acl = { ...documented, headers: { ...documented.headers, 'x-amz-acl': 'public-read' } }
    expect(verify(acl, 'johnsmith')).toMatchObject({ fault: 'mismatch' })
  })

  it('ends', () => {
    const found = fault(documented, 1_175_139_621_000)
    expect(errorOf(found, 'rest-xml')).toMatchObject({ code: 'AccessDenied', message: 'Request has expired' })
    const endless = { ...documented, target: documented.target.replace(/Expires=\d+/, 'Expires=never') }
    expect(errorOf(fault(endless, time), 'rest-xml')).toMatchObject({ code: 'AccessDenied', status: 403 })
  })

  it('is for S3 alone', () => {
    expect(fault(documented, time, { service: 'sagemaker' })).toEqual({ fault: 'missing' })
  })
})
