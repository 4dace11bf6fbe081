import { describe, expect, it } from 'vitest'
import {
  DOCUMENTED,
  EMPTY,
  errorOf,
  fault,
  now,
  options,
  parsed,
  plain,
  signed,
  withHeader,
} from '../../../test/support/signed-request.ts'
import { signRequest } from './sign.ts'
import { verifySignature } from './verify.ts'

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
