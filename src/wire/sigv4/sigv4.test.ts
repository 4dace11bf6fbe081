import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SignatureFault } from './fault.ts'
import { signatureError } from './fault-error.ts'
import { parseSignature } from './parse.ts'
import { presignTarget, signRequest } from './sign.ts'
import type { SignableRequest } from './signable-request.ts'
import { parseTimestamp } from './timestamp.ts'
import { verifySignature } from './verify.ts'

const EMPTY = hash('sha256', '')
const DOCUMENTED = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const now = parseTimestamp('20150830T123600Z')!
const options = { credentials: DOCUMENTED, region: 'us-east-1', service: 'sagemaker', now }
const plain = { method: 'POST', target: '/', headers: { host: 'localhost:8770', 'content-type': 'text/csv' } }

const signed = (over: Partial<typeof options> = {}): SignableRequest => ({
  ...plain,
  headers: signRequest(plain, Buffer.from('{}'), { ...options, ...over }),
})
const withHeader = (name: string, value: string | undefined, request = signed()): SignableRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
})

function parsed(request: SignableRequest, at = now) {
  const signature = parseSignature(request, at)
  if ('fault' in signature || signature.form === 'legacy-query') throw new Error(JSON.stringify(signature))
  return signature
}

function fault(request: SignableRequest, at = now, expected = {}): SignatureFault {
  const found = parseSignature(request, at, expected)
  if (!('fault' in found)) throw new Error('the signature was accepted')
  return found
}

const errorOf = (found: SignatureFault, family: 'json' | 'rest-json' | 'query' | 'rest-xml' = 'json') => {
  const { code, status, message, members } = signatureError(found, family)
  return { code, status, message, members }
}

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

describe('an Authorization header', () => {
  it('is told from none and from other schemes', () => {
    const none = fault({ ...plain })
    expect(none).toEqual({ fault: 'missing' })
    const message = 'Request is missing Authentication Token'
    expect(errorOf(none)).toMatchObject({ code: 'MissingAuthenticationTokenException', status: 400, message })
    expect(errorOf(none, 'rest-json')).toMatchObject({ status: 403, message: 'Missing Authentication Token' })
    expect(errorOf(none, 'query')).toMatchObject({ code: 'MissingAuthenticationToken', status: 403 })
    expect(errorOf(none, 'rest-xml')).toMatchObject({ code: 'AccessDenied', status: 403 })
    for (const header of ['', 'Basic dXNlcjpwYXNz', 'Bearer abc', 'AWS AKIA:c2ln', 'nonsense']) {
      const found = fault(withHeader('authorization', header))
      expect(found).toMatchObject({ fault: 'unsupported-scheme' })
      expect(errorOf(found)).toMatchObject({ code: 'MissingAuthenticationTokenException' })
      expect(errorOf(found, 'rest-xml')).toMatchObject({ status: 400 })
    }
  })

  const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20150830/us-east-1/sagemaker/aws4_request'
  const SIGNATURE = 'a'.repeat(64)

  it.each([
    [
      'AWS4-HMAC-SHA256',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=",
    ],
    [
      `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host`,
      "Authorization header requires 'Signature' parameter. (Hashed",
    ],
    [
      `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=`,
      "Authorization header requires 'Signature' parameter. (Hashed",
    ],
    [
      `AWS4-HMAC-SHA256 Credential= ${SCOPE}, SignedHeaders=host, Signature=${SIGNATURE}`,
      'Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): ',
    ],
    [
      `AWS4-HMAC-SHA256 Credential=${SCOPE}, Credential=${SCOPE}, SignedHeaders=host, Signature=${SIGNATURE}`,
      'is malformed.',
    ],
    [
      `AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=${SIGNATURE}`,
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
    ],
    [
      `AWS4-HMAC-SHA256 Credential=/20150830/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=${SIGNATURE}`,
      'Credential must have exactly 5',
    ],
    [
      `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=Host, Signature=${SIGNATURE}`,
      'Authorization component "SignedHeaders=Host" is malformed.',
    ],
    [`AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host;;x, Signature=${SIGNATURE}`, 'is malformed.'],
    [`AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host;host, Signature=${SIGNATURE}`, 'is malformed.'],
    [
      `AWS4-ECDSA-P256-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=${SIGNATURE}`,
      "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'",
    ],
  ])('is refused when it is malformed: %s', (header, message) => {
    const found = fault(withHeader('authorization', header))
    const error = errorOf(found)
    expect(error).toMatchObject({ code: 'IncompleteSignatureException', status: 400 })
    expect(error.message).toContain(message)
    expect(errorOf(found, 'query')).toMatchObject({ code: 'IncompleteSignature', status: 400 })
    expect(errorOf(found, 'rest-xml').status).toBe(400)
  })

  it('does not show in an error', () => {
    const header = 'AWS4-HMAC-SHA256 my-secret-was-pasted-here'
    const found = fault(withHeader('authorization', header))
    expect(errorOf(found).message).not.toContain('pasted')
  })

  it('is refused beside a presigned query', () => {
    const request = { ...signed(), target: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' }
    expect(errorOf(fault(request), 'rest-xml').code).toBe('InvalidArgument')
    expect(errorOf(fault(request)).message).toContain("Found both 'X-Amz-Algorithm'")
  })

  it('wants a date, in a form that is one', () => {
    const undated = fault(withHeader('x-amz-date', undefined))
    expect(errorOf(undated).message).toContain("existence of either a 'X-Amz-Date' or a 'Date' header.")
    expect(errorOf(undated, 'rest-xml')).toMatchObject({ code: 'AccessDenied', status: 403 })
    for (const text of ['', 'yesterday', '20150830', '2015-08-30T12:36:00Z', '20150832T123600Z', '20150830T246000Z']) {
      const found = fault(withHeader('x-amz-date', text))
      expect(errorOf(found).message).toContain(`Date must be in ISO-8601 'basic format'. Got '${text}'.`)
    }
    const headers = signRequest(plain, Buffer.from('{}'), options)
    const { 'x-amz-date': _, ...rest } = headers
    const dated = { ...plain, headers: { ...rest, date: 'Sun, 30 Aug 2015 12:36:00 GMT' } }
    expect(parsed(dated).timestamp).toBe('20150830T123600Z')
  })

  it('is refused when the clocks differ by more than 15 minutes', () => {
    const quarter = 15 * 60_000
    for (const at of [now - quarter, now + quarter]) expect(parsed(signed(), at).timestamp).toBe('20150830T123600Z')
    const late = fault(signed(), now + quarter + 1000)
    expect(errorOf(late)).toMatchObject({
      code: 'InvalidSignatureException',
      message: 'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)',
    })
    expect(errorOf(late, 'rest-xml')).toMatchObject({
      code: 'RequestTimeTooSkewed',
      status: 403,
      members: { RequestTime: '20150830T123600Z', ServerTime: '2015-08-30T12:51:01Z' },
    })
    const early = fault(signed(), now - quarter - 1000)
    expect(errorOf(early, 'query')).toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 403,
      message:
        'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)',
    })
  })

  it('is refused when its scope is for something else', () => {
    const header = String(signed().headers.authorization)
    const wrong = header.replace('20150830/us-east-1/sagemaker/aws4_request', '20150831/US_EAST/ec2/aws5_request')
    const found = fault(withHeader('authorization', wrong), now, { service: 'sagemaker' })
    expect(errorOf(found).message).toBe(
      "Credential should be scoped to a valid region, not 'US_EAST'. Credential should be scoped to correct service: 'sagemaker'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'.",
    )
    const s3 = signed({ service: 's3' })
    const region = fault(s3, now, { region: 'eu-west-1' })
    expect(errorOf(region, 'rest-xml')).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      status: 400,
      message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
      members: { Region: 'eu-west-1' },
    })
    expect(errorOf(fault(s3, now, { service: 'sagemaker' })).code).toBe('InvalidSignatureException')
  })

  it('must sign the host and every x-amz header', () => {
    const header = String(signed().headers.authorization)
    const hostless = withHeader('authorization', header.replace('content-type;host;', 'content-type;'))
    expect(errorOf(fault(hostless)).message).toBe(
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )
    const target = fault(withHeader('x-amz-target', 'SageMaker.DeleteModel'))
    expect(errorOf(target).message).toContain('Header(s) not signed: x-amz-target.')
    expect(errorOf(target, 'rest-xml')).toMatchObject({
      code: 'AccessDenied',
      message: 'There were headers present in the request which were not signed',
      members: { HeadersNotSigned: 'x-amz-target' },
    })
    for (const name of ['x-amzn-trace-id', 'x-amz-cf-id', 'amz-sdk-request', 'user-agent']) {
      expect(parsed(withHeader(name, 'x')).accessKeyId).toBe(DOCUMENTED.accessKeyId)
    }
  })

  it('tells which body it signs', () => {
    expect(parsed(signed()).payload).toEqual({ mode: 'body' })
    const s3 = signed({ service: 's3' })
    const mode = (text: string) => parsed(withHeader('x-amz-content-sha256', text, s3)).payload
    expect(mode('UNSIGNED-PAYLOAD')).toMatchObject({ mode: 'unsigned' })
    expect(mode('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')).toMatchObject({ mode: 'chunked', signed: true, trailer: false })
    expect(mode('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER')).toMatchObject({ signed: true, trailer: true })
    expect(mode('STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toMatchObject({ signed: false, trailer: true })
    const missing = fault(withHeader('x-amz-content-sha256', undefined, s3))
    expect(errorOf(missing, 'rest-xml').message).toBe('Missing required header for this request: x-amz-content-sha256')
    for (const text of ['', 'abc', EMPTY.toUpperCase(), 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD']) {
      const found = fault(withHeader('x-amz-content-sha256', text, s3))
      expect(errorOf(found, 'rest-xml')).toMatchObject({ code: 'InvalidArgument', members: { ArgumentValue: text } })
    }
  })

  it('never lets another service than S3 go without the hash of its body', () => {
    const headers = { ...plain.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    const request = { ...plain, headers: signRequest({ ...plain, headers }, { literal: 'UNSIGNED-PAYLOAD' }, options) }
    const signature = parsed(request)
    expect(() => verifySignature(signature, request, DOCUMENTED.secretAccessKey)).toThrow(/must be hashed/)
    expect(verifySignature(signature, request, DOCUMENTED.secretAccessKey, EMPTY)).toMatchObject({ fault: 'mismatch' })
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
