import { type Credential, checkScope, checkSigned, type Expectation, MAX_SKEW, parseCredential } from './checks.ts'
import type { SignatureFault } from './fault.ts'
import { type HeaderPlan, planHeaders } from './header-plan.ts'
import { parseLegacyQuery, readLegacyQuery } from './legacy-query.ts'
import { type ParsedSignature, payloadMode } from './parsed-signature.ts'
import { parsePresigned, readPresignedQuery } from './presigned.ts'
import { headerText, type SignableRequest } from './signable-request.ts'
import { formatTimestamp, parseDateHeader } from './timestamp.ts'

/**
 * Reads the signature of a request, from its Authorization header or its query, and checks all that can be checked
 * without the key and the body: form, scope, clock, which headers are signed. `now` in epoch milliseconds.
 */
export function parseSignature(
  request: SignableRequest,
  now: number,
  expected: Expectation = {},
): ParsedSignature | SignatureFault {
  const header = headerText(request, 'authorization')
  const query = readPresignedQuery(request.target)
  if (header === undefined) {
    if (query !== undefined) return parsePresigned(request, query, now, expected)
    // Version 2 covers neither body nor target, so nothing but S3 may take it.
    const s3 = expected.service === undefined || expected.service === 's3'
    const legacy = s3 ? readLegacyQuery(request.target) : undefined
    return legacy === undefined ? { fault: 'missing' } : parseLegacyQuery(legacy, now, expected)
  }
  if (query !== undefined) return { fault: 'two-signatures' }

  const fields = readAuthorization(header)
  if ('fault' in fields) return fields
  const { accessKeyId, scope, signedHeaders, signature } = fields

  const amazonDate = headerText(request, 'x-amz-date')
  const dateText = amazonDate ?? headerText(request, 'date')
  if (dateText === undefined) {
    return { fault: 'missing-components', names: ['X-Amz-Date'], source: header, form: 'header' }
  }
  const time = parseDateHeader(dateText)
  if (time === undefined) return { fault: 'malformed-date', text: dateText, form: 'header' }
  const timestamp = dateText.length === 16 ? dateText : formatTimestamp(time)
  if (time < now - MAX_SKEW) return { fault: 'expired', timestamp, time, now }
  if (time > now + MAX_SKEW) return { fault: 'not-yet-current', timestamp, time, now }

  const fault =
    checkScope(scope, fields.terminator, timestamp, 'header', expected) ?? checkSigned(request, signedHeaders)
  if (fault !== undefined) return fault

  const contentHash = headerText(request, 'x-amz-content-sha256')
  const payload = payloadMode(scope.service, contentHash, 'header')
  if (payload === undefined) {
    return contentHash === undefined
      ? { fault: 'missing-content-hash' }
      : { fault: 'malformed-content-hash', text: contentHash }
  }
  const sessionToken = headerText(request, 'x-amz-security-token')
  return { form: 'header', accessKeyId, scope, signedHeaders, signature, timestamp, sessionToken, payload }
}

interface AuthorizationFields extends Credential {
  readonly signedHeaders: HeaderPlan
  readonly signature: string
}

type Prefix = Omit<AuthorizationFields, 'signature'>

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SIGNATURE_LENGTH = 64

// Everything before the signature is the same in all requests a client signs on one day for one service.
const prefixes = new Map<string, Prefix>()
const PREFIX_LIMIT = 2_000
const PREFIX_LENGTH_LIMIT = 1_500

function readAuthorization(header: string): AuthorizationFields | SignatureFault {
  const text = header.slice(0, -SIGNATURE_LENGTH)
  const known = prefixes.get(text)
  if (known !== undefined) return { ...known, signature: header.slice(-SIGNATURE_LENGTH) }
  // What is kept must not hold on to the head of the request that the header may be a slice of.
  const own = header.length > PREFIX_LENGTH_LIMIT + SIGNATURE_LENGTH ? header : detached(header)
  const fields = parseAuthorization(own)
  if ('fault' in fields) return fields
  if (text.endsWith('Signature=') && text.length <= PREFIX_LENGTH_LIMIT) {
    if (prefixes.size >= PREFIX_LIMIT) prefixes.clear()
    const { accessKeyId, scope, terminator, signedHeaders } = fields
    prefixes.set(own.slice(0, -SIGNATURE_LENGTH), { accessKeyId, scope, terminator, signedHeaders })
  }
  return fields
}

const detached = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

const COMPONENTS = ['Credential', 'Signature', 'SignedHeaders'] as const

function parseAuthorization(header: string): AuthorizationFields | SignatureFault {
  const [algorithm = '', ...rest] = header.trim().split(/[, \t]+/)
  if (!algorithm.startsWith('AWS4-')) return { fault: 'unsupported-scheme', scheme: algorithm.slice(0, 64) }
  const found = new Map<string, string>()
  for (const component of rest) {
    if (component === '') continue
    const at = component.indexOf('=')
    const name = component.slice(0, Math.max(at, 0))
    if (at < 1 || found.has(name)) return { fault: 'malformed-component', component, source: header, form: 'header' }
    found.set(name, component.slice(at + 1))
  }
  const missing = COMPONENTS.filter((name) => !found.get(name))
  if (missing.length > 0) return { fault: 'missing-components', names: missing, source: header, form: 'header' }
  if (algorithm !== ALGORITHM) return { fault: 'unsupported-algorithm', algorithm, form: 'header' }

  const signature = found.get('Signature')!
  const signedHeaders = planHeaders(found.get('SignedHeaders')!)
  if (signedHeaders === undefined) {
    const component = `SignedHeaders=${found.get('SignedHeaders')}`
    return { fault: 'malformed-component', component, source: header, form: 'header' }
  }
  const credential = parseCredential(found.get('Credential')!, 'header')
  return 'fault' in credential ? credential : { ...credential, signedHeaders, signature }
}
