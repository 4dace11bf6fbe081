import { describe, expect, it } from 'vitest'
import { claimedCredential } from './claimed-credential.ts'

const V4 = 'AWS4-HMAC-SHA256 Credential=AKID/20300101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0'

describe('claimedCredential', () => {
  it.each([
    ['a header', V4, '', 'AKID', 'eu-west-1', 's3'],
    [
      'a presigned query',
      undefined,
      'X-Amz-Credential=AKID%2F20300101%2Feu-west-1%2Flambda%2Faws4_request',
      'AKID',
      'eu-west-1',
      'lambda',
    ],
    [
      'one with slashes',
      undefined,
      'a=b&X-Amz-Credential=AKID/20300101/eu-west-1/s3/aws4_request&c',
      'AKID',
      'eu-west-1',
      's3',
    ],
    [
      'lower-case escapes',
      undefined,
      'X-Amz-Credential=AKID%2f20300101%2feu-west-1%2fs3%2faws4_request',
      'AKID',
      'eu-west-1',
      's3',
    ],
    ['a version 2 query', undefined, 'AWSAccessKeyId=AKID&Expires=1&Signature=x', 'AKID', undefined, 's3'],
    ['the header before the query', V4, 'AWSAccessKeyId=OTHER', 'AKID', 'eu-west-1', 's3'],
  ])('reads %s', (_name, authorization, query, accessKeyId, region, service) => {
    expect(claimedCredential(authorization, query)).toEqual({ accessKeyId, region, service })
  })

  it.each([
    [undefined, ''],
    ['', ''],
    ['Bearer abc', ''],
    ['AWS AKID:signature', ''],
    ['AWS4-HMAC-SHA256 Credential=////, Signature=x', ''],
    ['AWS4-HMAC-SHA256 Credential=a/b/c/__proto__/e, Signature=x', ''],
    [undefined, 'X-Amz-Credential='],
    [undefined, 'X-Amz-Credential=%'],
    [undefined, 'X-Amz-Credential=%ff%fe/a/b/%ff/d'],
    [undefined, 'x-amz-credential=AKID/20300101/eu-west-1/s3/aws4_request'],
    [undefined, `X-Amz-Credential=${'%2F'.repeat(10_000)}`],
  ])('finds none in %j %.60j', (authorization, query) => {
    expect(claimedCredential(authorization, query)).toBeUndefined()
  })
})
