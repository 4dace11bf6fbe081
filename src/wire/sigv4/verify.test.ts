import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  DOCUMENTED,
  EMPTY,
  errorOf,
  fault,
  now,
  options,
  parsed,
  signed,
  withHeader,
} from '../../../test/support/signed-request.ts'
import { presignTarget, signRequest } from './sign.ts'
import { parseTimestamp } from './timestamp.ts'
import { verifySignature } from './verify.ts'

describe('signatures that AWS documents', () => {
  it('are made and verified: a header', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
    const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' }
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
    const request = { method: 'GET', target: '/', headers: { ...headers, authorization } }
    expect(verifySignature(parsed(request), request, secret, EMPTY)).toBeUndefined()
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret }
    const bare = { method: 'GET', target: '/', headers: { host: headers.host } }
    const made = signRequest(bare, Buffer.alloc(0), { credentials, region: 'us-east-1', service: 'service', now })
    expect(made.authorization).toBe(authorization)
  })

  it('are made and verified: a presigned S3 URL', () => {
    const time = parseTimestamp('20130524T000000Z')!
    const bare = { method: 'GET', target: '/test.txt', headers: { host: 'examplebucket.s3.amazonaws.com' } }
    const target = presignTarget(bare, 86_400, { ...options, service: 's3', now: time })
    expect(target).toContain('X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404')
    const request = { ...bare, target }
    expect(verifySignature(parsed(request, time + 86_400_000), request, DOCUMENTED.secretAccessKey)).toBeUndefined()
    expect(fault(request, time + 86_400_001)).toMatchObject({ fault: 'url-expired' })
  })

  it('are verified: a range of an S3 object', () => {
    const request = {
      method: 'GET',
      target: '/test.txt',
      headers: {
        host: 'examplebucket.s3.amazonaws.com',
        range: 'bytes=0-9',
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': '20130524T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      },
    }
    const signature = parsed(request, parseTimestamp('20130524T000000Z'))
    expect(signature.payload).toEqual({ mode: 'declared', text: EMPTY })
    expect(verifySignature(signature, request, DOCUMENTED.secretAccessKey)).toBeUndefined()
  })
})

describe('a signature that does not match', () => {
  it("is shown with S3's strings, but without the session token", () => {
    const credentials = { ...DOCUMENTED, sessionToken: 'very-secret-token' }
    const request = signed({ service: 's3', credentials } as never)
    const found = verifySignature(parsed(request), request, 'another secret')!
    const error = errorOf(found, 'rest-xml')
    expect(error).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 })
    expect(error.members.AWSAccessKeyId).toBe(DOCUMENTED.accessKeyId)
    expect(error.members.StringToSign).toMatch(
      /^AWS4-HMAC-SHA256\n20150830T123600Z\n20150830\/us-east-1\/s3\/aws4_request\n/,
    )
    expect(error.members.CanonicalRequest).toContain('x-amz-security-token:[redacted]')
    expect(JSON.stringify(error)).not.toContain('very-secret-token')
    expect(String(error.members.CanonicalRequestBytes)).toMatch(/^50 4f 53 54 0a/)
  })

  it('may be of any form', () => {
    const header = String(signed().headers.authorization)
    for (const signature of ['a', 'Z'.repeat(64), `${'a'.repeat(63)}é`, 'a'.repeat(1_000), `${'0'.repeat(64)};x`]) {
      const request = withHeader('authorization', header.replace(/Signature=.*/, `Signature=${signature}`))
      const found = verifySignature(parsed(request), request, DOCUMENTED.secretAccessKey, hash('sha256', '{}'))
      expect(found?.fault).toBe('mismatch')
    }
  })

  it('is found with a key whose secret has changed', () => {
    const request = signed()
    const body = hash('sha256', '{}')
    expect(verifySignature(parsed(request), request, DOCUMENTED.secretAccessKey, body)).toBeUndefined()
    expect(verifySignature(parsed(request), request, 'changed', body)).toMatchObject({ fault: 'mismatch' })
    expect(verifySignature(parsed(request), request, DOCUMENTED.secretAccessKey, body)).toBeUndefined()
  })
})
