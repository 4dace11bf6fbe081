import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { CredentialSource } from '../access/credential-source.ts'
import { rootPrincipal, userPrincipal } from '../access/principals.ts'
import { trustingAuthenticator, verifyingAuthenticator } from './authenticate.ts'
import { openExchange } from './exchange.ts'

const root = rootPrincipal('123456789012')
const known = userPrincipal('123456789012', { path: '/', name: 'ann', id: 'AIDA1' })
const source: CredentialSource = {
  find: (accessKeyId, token) =>
    accessKeyId === 'AKIDKNOWN' && token === undefined
      ? { secretAccessKey: 'secret', principal: known }
      : { fault: accessKeyId === 'AKIDKNOWN' ? 'invalid-token' : 'unknown-key' },
}
const exchange = (url: string, headers: Record<string, string> = {}) =>
  openExchange(
    { method: 'GET', url, headers, rawHeaders: [], socket: {} } as unknown as IncomingMessage,
    {} as ServerResponse,
    0,
  )
const header = (key: string, region = 'eu-west-1') => ({
  authorization: `AWS4-HMAC-SHA256 Credential=${key}/20300101/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`,
})

describe('trustingAuthenticator', () => {
  const identify = (url: string, headers?: Record<string, string>) =>
    trustingAuthenticator(source, root, 'us-east-1').identify(exchange(url, headers), 'rest-xml', {})

  it('takes a known key for its owner, in the region of the signature', async () => {
    const found = { principal: known, region: 'eu-west-1', claim: undefined }
    expect(await identify('/', header('AKIDKNOWN'))).toEqual(found)
    const query = '/?X-Amz-Credential=AKIDKNOWN%2F20300101%2Feu-west-1%2Fs3%2Faws4_request'
    expect(await identify(query)).toEqual(found)
    expect(await identify('/?AWSAccessKeyId=AKIDKNOWN&Signature=x')).toEqual({ ...found, region: 'us-east-1' })
  })

  it('takes everybody else for the fallback', async () => {
    const fallback = { principal: root, region: 'us-east-1', claim: undefined }
    expect(await identify('/')).toEqual(fallback)
    expect(await identify('/', header('test', 'us-east-1'))).toEqual(fallback)
    expect(await identify('/', { ...header('AKIDKNOWN', 'us-east-1'), 'x-amz-security-token': 'x' })).toEqual(fallback)
  })

  it.each([
    '/?X-Amz-Credential=%',
    '/?%E0%A4%A&X-Amz-Security-Token=%E0%A4%A',
    '/%?X-Amz-Credential=AKIDKNOWN%2F%zz%2F..%2F%ff%2Fx',
    `/?X-Amz-Credential=${'%'.repeat(1_000)}`,
    '*',
    '',
  ])('never fails, whatever the target: %.40j', async (url) => {
    expect((await identify(url)).principal).toBe(root)
  })

  it('takes no region that cannot be one', async () => {
    for (const region of ['../..', '*', 'EU', '1', 'a'.repeat(100)])
      expect((await identify('/', header('AKIDKNOWN', region))).region).toBe('us-east-1')
  })
})

describe('verifyingAuthenticator', () => {
  const identify = (family: 'rest-xml' | 'json', headers?: Record<string, string>) =>
    verifyingAuthenticator(source, 'us-east-1').identify(exchange('/', headers), family, {})

  it('lets nobody but callers of S3 be anonymous', async () => {
    expect(await identify('rest-xml')).toMatchObject({ principal: { kind: 'anonymous' }, claim: undefined })
    expect(() => identify('json')).toThrow(expect.objectContaining({ code: 'MissingAuthenticationTokenException' }))
  })

  it('proves nothing by itself: what is claimed is still to be verified', async () => {
    const headers = {
      ...header('AKIDKNOWN'),
      host: 'h',
      'x-amz-date': '19700101T000000Z',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    }
    const signed = {
      ...headers,
      authorization: headers.authorization
        .replace('20300101', '19700101')
        .replace('=host', '=host;x-amz-content-sha256;x-amz-date'),
    }
    expect(await identify('rest-xml', signed)).toMatchObject({ principal: known, claim: { secretAccessKey: 'secret' } })
  })
})
