import { describe, expect, it } from 'vitest'
import { DOCUMENTED, errorOf, fault, now, options, parsed } from '../../../test/support/signed-request.ts'
import { presignTarget } from './sign.ts'
import { verifySignature } from './verify.ts'

describe('a presigned query', () => {
  const bare = { method: 'GET', target: '/bucket/key', headers: { host: 'localhost:8770' } }
  const url = (expires = 60) => presignTarget(bare, expires, { ...options, service: 's3' })
  const change = (from: string | RegExp, to: string) => ({ ...bare, target: url().replace(from, to) })

  it.each([
    [/X-Amz-Expires=60/, 'X-Amz-Expires=-1', 'X-Amz-Expires must be non-negative'],
    [/X-Amz-Expires=60/, 'X-Amz-Expires=1h', 'X-Amz-Expires should be a number'],
    [
      /X-Amz-Expires=60/,
      'X-Amz-Expires=604801',
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    ],
    [
      /&X-Amz-Expires=60/,
      '',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ],
    [
      /&X-Amz-Signature=.*/,
      '',
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ],
    [/X-Amz-Date=[^&]+/, 'X-Amz-Date=now', "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""],
    [/AWS4-HMAC-SHA256/, 'AWS4-ECDSA-P256-SHA256', 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'],
    [
      /%2Fs3%2Faws4_request/,
      '%2Fs3',
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ],
    [
      /%2Fs3%2Faws4_request/,
      '%2Fs3%2Faws5',
      'Error parsing the X-Amz-Credential parameter; incorrect terminal "aws5". This endpoint uses "aws4_request".',
    ],
    [/SignedHeaders=host/, 'SignedHeaders=HOST', 'X-Amz-SignedHeaders is malformed.'],
  ])('is refused when it is malformed: %s → %s', (from, to, message) => {
    const error = errorOf(fault(change(from, to)), 'rest-xml')
    expect(error).toMatchObject({ code: 'AuthorizationQueryParametersError', status: 400, message })
  })

  it('is refused before its time and after it', () => {
    const request = { ...bare, target: url() }
    expect(errorOf(fault(request, now + 61_000), 'rest-xml')).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: 'Request has expired',
      members: { 'X-Amz-Expires': '60', Expires: '2015-08-30T12:37:00Z', ServerTime: '2015-08-30T12:37:01Z' },
    })
    expect(errorOf(fault(request, now - 901_000), 'rest-xml').message).toBe('Request is not valid yet')
    expect(verifySignature(parsed(request, now + 60_000), request, DOCUMENTED.secretAccessKey)).toBeUndefined()
  })

  it('does not admit headers that change its meaning', () => {
    const request = { ...bare, target: url(), headers: { ...bare.headers, 'x-amz-acl': 'public-read' } }
    expect(errorOf(fault(request), 'rest-xml').members).toEqual({ HeadersNotSigned: 'x-amz-acl' })
  })

  it('is verified with a session token, which never shows', () => {
    const credentials = { ...DOCUMENTED, sessionToken: 'tok/en+1=' }
    const request = { ...bare, target: presignTarget(bare, 60, { ...options, service: 's3', credentials }) }
    const signature = parsed(request)
    expect(signature.sessionToken).toBe('tok/en+1=')
    expect(verifySignature(signature, request, DOCUMENTED.secretAccessKey)).toBeUndefined()
    const found = verifySignature(signature, request, 'wrong')!
    expect(JSON.stringify(errorOf(found, 'rest-xml'))).not.toContain('tok')
  })
})
