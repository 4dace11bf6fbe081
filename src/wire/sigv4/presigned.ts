import { checkScope, checkSigned, type Expectation, MAX_SKEW, parseCredential } from './checks.ts'
import type { SignatureFault } from './fault.ts'
import { planHeaders } from './header-plan.ts'
import { type ParsedSignature, payloadMode } from './parsed-signature.ts'
import { headerText, type SignableRequest } from './signable-request.ts'
import { parseTimestamp } from './timestamp.ts'

const WEEK = 604_800
const REQUIRED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'X-Amz-Date',
] as const

/** The `X-Amz-…` parameters of a query that carries a signature, decoded; undefined when it carries none. */
export function readPresignedQuery(target: string): ReadonlyMap<string, string> | undefined {
  const at = target.indexOf('?')
  if (at < 0 || !/[?&]X-Amz-(?:Algorithm|Signature|Credential)=/.test(target)) return undefined
  const found = new Map<string, string>()
  for (const part of target.slice(at + 1).split('&')) {
    if (!part.startsWith('X-Amz-')) continue
    const [name, value] = decodePair(part)
    // The first one counts, as in the S3 operations that read the query.
    if (!found.has(name)) found.set(name, value)
  }
  return found
}

function decodePair(part: string): [string, string] {
  const at = part.indexOf('=')
  const name = at < 0 ? part : part.slice(0, at)
  const value = at < 0 ? '' : part.slice(at + 1)
  try {
    return [name, decodeURIComponent(value)]
  } catch {
    return [name, value]
  }
}

/** Reads a presigned request; see `parseSignature`. */
export function parsePresigned(
  request: SignableRequest,
  query: ReadonlyMap<string, string>,
  now: number,
  expected: Expectation,
): ParsedSignature | SignatureFault {
  const algorithm = query.get('X-Amz-Algorithm')
  if (algorithm && algorithm !== 'AWS4-HMAC-SHA256') return { fault: 'unsupported-algorithm', algorithm, form: 'query' }
  const credentialText = query.get('X-Amz-Credential')
  const s3 = (expected.service ?? credentialText?.split('/')[3]) === 's3'
  const required: readonly string[] = s3 ? [...REQUIRED, 'X-Amz-Expires'] : REQUIRED
  const names = required.filter((name) => !query.get(name))
  if (names.length > 0) return { fault: 'missing-components', names, source: '', form: 'query' }

  const credential = parseCredential(credentialText!, 'query')
  if ('fault' in credential) return credential
  const timestamp = query.get('X-Amz-Date')!
  const time = parseTimestamp(timestamp)
  if (time === undefined) return { fault: 'malformed-date', text: timestamp, form: 'query' }
  const { accessKeyId, scope, terminator } = credential
  const scopeFault = checkScope(scope, terminator, timestamp, 'query', expected)
  if (scopeFault !== undefined) return scopeFault

  const expiry = readExpiry(query.get('X-Amz-Expires'))
  if (typeof expiry !== 'number') return expiry
  if (time > now + MAX_SKEW) return { fault: 'url-not-yet-valid', time, now }
  if (time + expiry * 1000 < now) return { fault: 'url-expired', time, expiresSeconds: expiry, now }

  const signedHeaders = planHeaders(query.get('X-Amz-SignedHeaders')!)
  if (signedHeaders === undefined) {
    const component = `X-Amz-SignedHeaders=${query.get('X-Amz-SignedHeaders')}`
    return { fault: 'malformed-component', component, source: '', form: 'query' }
  }
  const unsigned = checkSigned(request, signedHeaders)
  if (unsigned !== undefined) return unsigned

  const contentHash = headerText(request, 'x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256')
  const payload = payloadMode(scope.service, contentHash, 'query')
  if (payload === undefined) return { fault: 'malformed-content-hash', text: contentHash! }
  const signature = query.get('X-Amz-Signature')!
  const sessionToken = query.get('X-Amz-Security-Token')
  return { form: 'query', accessKeyId, scope, signedHeaders, signature, timestamp, sessionToken, payload }
}

/** Seconds; a query without the parameter is as short-lived as a signed header. */
function readExpiry(text: string | undefined): number | SignatureFault {
  if (text === undefined) return MAX_SKEW / 1000
  if (!/^-?\d{1,15}$/.test(text)) return { fault: 'malformed-expiry', problem: 'not-a-number', text }
  const seconds = Number(text)
  if (seconds < 0) return { fault: 'malformed-expiry', problem: 'negative', text }
  return seconds > WEEK ? { fault: 'malformed-expiry', problem: 'too-large', text } : seconds
}
