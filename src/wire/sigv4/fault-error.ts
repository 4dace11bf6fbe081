import { hash } from 'node:crypto'
import type { ProtocolName } from '../../model/service-description.ts'
import { ServiceError } from '../service-error.ts'
import type { ScopeFault, SignatureFault } from './fault.ts'
import { s3FaultError } from './fault-error-s3.ts'
import { formatTimestamp } from './timestamp.ts'

/** How a service words refusals: by its protocol, where rest-xml is S3. */
export type ErrorFamily = ProtocolName

/** The error that AWS answers for a fault: code, sentence and status differ between the protocols. */
export function signatureError(fault: SignatureFault, family: ErrorFamily): ServiceError {
  if (family === 'rest-xml') return s3FaultError(fault)
  const [kind, message] = describe(fault, family)
  const name = NAMES[kind]
  const code = family === 'query' ? name.query : `${name.json}Exception`
  // awsJson answers every fault of the caller with 400; the others tell a bad form (400) from a refusal (403).
  const status = family === 'json' || kind === 'incomplete' ? 400 : 403
  return new ServiceError(code, message, { status })
}

const NAMES = {
  missing: { json: 'MissingAuthenticationToken', query: 'MissingAuthenticationToken' },
  incomplete: { json: 'IncompleteSignature', query: 'IncompleteSignature' },
  signature: { json: 'InvalidSignature', query: 'SignatureDoesNotMatch' },
  client: { json: 'UnrecognizedClient', query: 'InvalidClientTokenId' },
  expired: { json: 'ExpiredToken', query: 'ExpiredToken' },
} as const

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
const INVALID_TOKEN = 'The security token included in the request is invalid.'

function describe(fault: SignatureFault, family: ErrorFamily): [keyof typeof NAMES, string] {
  switch (fault.fault) {
    case 'missing':
    case 'unsupported-scheme':
    case 'malformed-legacy-query':
      return [
        'missing',
        family === 'rest-json' ? 'Missing Authentication Token' : 'Request is missing Authentication Token',
      ]
    case 'two-signatures':
      return ['signature', "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."]
    case 'unsupported-algorithm':
      return ['incomplete', `Unsupported AWS 'algorithm': '${fault.algorithm}' (only AWS4-HMAC-SHA256 for now). `]
    case 'missing-components':
      return ['incomplete', missingComponents(fault.names, fault.source, fault.form)]
    case 'malformed-component':
      return ['incomplete', malformedComponent(fault.component, fault.source)]
    case 'malformed-credential':
      return [
        'incomplete',
        `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${fault.credential}'`,
      ]
    case 'malformed-date':
      return [
        'incomplete',
        `Date must be in ISO-8601 'basic format'. Got '${fault.text}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      ]
    case 'malformed-expiry':
      return ['incomplete', `X-Amz-Expires must be a number of seconds between 0 and 604800. Got '${fault.text}'.`]
    case 'scope':
      return ['signature', scopeSentences(fault)]
    case 'headers-not-signed':
      return ['signature', unsignedHeaders(fault.names)]
    case 'expired':
      return ['signature', clockSentence('Signature expired', 'is now earlier than', fault, -1)]
    case 'not-yet-current':
      return ['signature', clockSentence('Signature not yet current', 'is still later than', fault, 1)]
    case 'url-not-yet-valid': {
      const timestamp = formatTimestamp(fault.time)
      return [
        'signature',
        clockSentence('Signature not yet current', 'is still later than', { ...fault, timestamp }, 1),
      ]
    }
    case 'url-expired': {
      const end = formatTimestamp(fault.time + fault.expiresSeconds * 1000)
      return ['signature', `Signature expired: ${end} is now earlier than ${formatTimestamp(fault.now)}`]
    }
    case 'mismatch':
    case 'content-mismatch':
    case 'missing-content-hash':
    case 'malformed-content-hash':
      return ['signature', MISMATCH]
    case 'unknown-key':
    case 'inactive-key':
    case 'invalid-token':
      return ['client', INVALID_TOKEN]
    case 'expired-token':
      return ['expired', 'The security token included in the request is expired']
  }
}

// The header may hold a secret that was pasted wrongly, so only its hash is shown, as AWS does.
const digestOf = (source: string): string => hash('sha256', source, 'base64')

function missingComponents(names: readonly string[], source: string, form: 'header' | 'query'): string {
  if (form === 'query') {
    const sentences = names.map((name) => `AWS query-string parameters must include '${name}'.`)
    return `${sentences.join(' ')} Re-examine the query-string parameters.`
  }
  const sentences = names.map((name) =>
    name === 'X-Amz-Date'
      ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
      : `Authorization header requires '${name}' parameter.`,
  )
  return `${sentences.join(' ')} (Hashed with SHA-256 and encoded with Base64) Authorization=${digestOf(source)}`
}

const malformedComponent = (component: string, source: string): string =>
  component.includes('=')
    ? `Authorization component "${component}" is malformed.`
    : `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${digestOf(source)}'.`

function scopeSentences(fault: ScopeFault): string {
  const sentences = {
    region: `Credential should be scoped to a valid region, not '${fault.region}'. `,
    service: `Credential should be scoped to correct service: '${fault.expectedService}'. `,
    terminator: `Credential should be scoped with a valid terminator: 'aws4_request', not '${fault.terminator}'. `,
    date: `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${fault.date}' != '${fault.timestamp.slice(0, 8)}', from '${fault.timestamp}'.`,
  }
  return fault.wrong.map((part) => sentences[part]).join('')
}

const unsignedHeaders = (names: readonly string[]): string =>
  names.includes('host')
    ? "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    : `The request signature does not conform to AWS standards. Header(s) not signed: ${names.join(', ')}.`

function clockSentence(
  what: string,
  relation: string,
  { timestamp, now }: { timestamp: string; now: number },
  direction: 1 | -1,
): string {
  const limit = formatTimestamp(now + direction * 15 * 60_000)
  return `${what}: ${timestamp} ${relation} ${limit} (${formatTimestamp(now)} ${direction < 0 ? '-' : '+'} 15 min.)`
}
