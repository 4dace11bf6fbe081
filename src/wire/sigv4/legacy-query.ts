import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Expectation } from './checks.ts'
import type { MismatchFault, SignatureFault } from './fault.ts'
import { type LegacySignature, UNSIGNED_PAYLOAD } from './parsed-signature.ts'
import { headerText, type SignableRequest } from './signable-request.ts'

// Signature version 2 in a query. boto3 still presigns S3 URLs this way unless it is told to use version 4.

/** Parameters that are part of what is signed. */
const SIGNED = new Set(
  (
    'accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics notification ' +
    'object-lock partNumber policy replication requestPayment restore select select-type storageClass tagging torrent ' +
    'uploadId uploads versionId versioning versions website response-cache-control response-content-disposition ' +
    'response-content-encoding response-content-language response-content-type response-expires'
  ).split(' '),
)

/** Parameters that are not signed but at most narrow a list, or make up the signature; any other is refused. */
const HARMLESS = new Set(
  (
    'AWSAccessKeyId Signature Expires content-md5 content-type x-id prefix delimiter marker max-keys encoding-type ' +
    'list-type continuation-token fetch-owner start-after key-marker version-id-marker upload-id-marker max-uploads ' +
    'max-parts part-number-marker'
  ).split(' '),
)

/** The parameters of a query signed in this way, decoded; undefined when it is not. */
export function readLegacyQuery(target: string): ReadonlyMap<string, string> | undefined {
  if (!/[?&]AWSAccessKeyId=/.test(target) || !/[?&]Signature=/.test(target)) return undefined
  return new Map(new URLSearchParams(target.slice(target.indexOf('?') + 1)))
}

/** See `parseSignature`. */
export function parseLegacyQuery(
  query: ReadonlyMap<string, string>,
  now: number,
  expected: Expectation,
): LegacySignature | SignatureFault {
  const accessKeyId = query.get('AWSAccessKeyId')
  const signature = query.get('Signature')
  const expires = query.get('Expires') ?? ''
  if (!accessKeyId || !signature || !/^\d{1,12}$/.test(expires)) return { fault: 'malformed-legacy-query' }
  const time = Number(expires) * 1000
  if (time < now) return { fault: 'url-expired', time, expiresSeconds: 0, now }
  return {
    form: 'legacy-query',
    accessKeyId,
    scope: { text: '', date: '', region: expected.region ?? 'us-east-1', service: 's3' },
    signature,
    expires,
    sessionToken: query.get('x-amz-security-token'),
    payload: UNSIGNED_PAYLOAD,
    bucketOfHost: expected.bucketOfHost,
  }
}

/** See `verifySignature`. */
export function verifyLegacyQuery(
  parsed: LegacySignature,
  request: SignableRequest,
  secretAccessKey: string,
): MismatchFault | undefined {
  const query = readLegacyQuery(request.target)!
  const lines = [
    request.method,
    headerText(request, 'content-md5') ?? query.get('content-md5') ?? '',
    headerText(request, 'content-type') ?? query.get('content-type') ?? '',
    parsed.expires,
    ...amazonHeaders(request, query),
    canonicalResource(request.target, parsed.bucketOfHost),
  ]
  const stringToSign = lines.join('\n')
  const computed = createHmac('sha1', secretAccessKey).update(stringToSign).digest()
  const given = Buffer.from(parsed.signature, 'base64')
  const known = [...query.keys()].every((name) => SIGNED.has(name) || HARMLESS.has(name) || name.startsWith('x-amz-'))
  if (known && given.length === computed.length && timingSafeEqual(computed, given)) return undefined
  const { accessKeyId, signature } = parsed
  return { fault: 'mismatch', accessKeyId, signature, stringToSign, canonicalRequest: '' }
}

function amazonHeaders(request: SignableRequest, query: ReadonlyMap<string, string>): string[] {
  const found = new Map<string, string>()
  for (const [name, value] of query) if (name.startsWith('x-amz-')) found.set(name, value)
  for (const name in request.headers) {
    if (name.startsWith('x-amz-') && name !== 'x-amz-cf-id') found.set(name, headerText(request, name)!.trim())
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => `${name}:${value}`)
}

function canonicalResource(target: string, bucketOfHost: string | undefined): string {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const resource = bucketOfHost === undefined ? path : `/${bucketOfHost}${path}`
  const signed = query.split('&').filter((part) => SIGNED.has(part.replace(/=.*/s, '')))
  if (signed.length === 0) return resource
  return `${resource}?${signed.map(decodeValue).sort().join('&')}`
}

function decodeValue(part: string): string {
  const at = part.indexOf('=')
  if (at < 0) return part
  try {
    return `${part.slice(0, at)}=${decodeURIComponent(part.slice(at + 1))}`
  } catch {
    return part
  }
}
