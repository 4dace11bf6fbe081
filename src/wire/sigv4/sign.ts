import { hash } from 'node:crypto'
import { canonicalPath, canonicalQuery, reencode } from './canonical-target.ts'
import { canonicalHeaders, planHeaders } from './header-plan.ts'
import { deriveSigningKey } from './signing-key.ts'
import { formatTimestamp } from './timestamp.ts'

export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** A request about to be sent. `headers` must hold `host`; names in lower case. */
export interface UnsignedRequest {
  readonly method: string
  /** Path and query, percent-encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
}

export interface SigningOptions {
  readonly credentials: SigningCredentials
  readonly region: string
  readonly service: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** Returns the headers to send, Authorization among them. `payload` is the body, or a literal such as `UNSIGNED-PAYLOAD`. */
export function signRequest(
  request: UnsignedRequest,
  payload: Uint8Array | { readonly literal: string },
  options: SigningOptions,
): Record<string, string> {
  const { credentials, region, service, now } = options
  const timestamp = formatTimestamp(now)
  const payloadHash = 'literal' in payload ? payload.literal : hash('sha256', payload)
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': timestamp }
  if (service === 's3') headers['x-amz-content-sha256'] = payloadHash
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken
  const names = Object.keys(headers).sort().join(';')
  const signature = computeSignature({ ...request, headers }, names, payloadHash, timestamp, options)
  const credential = `${credentials.accessKeyId}/${timestamp.slice(0, 8)}/${region}/${service}/aws4_request`
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return headers
}

/** Returns the target with the presigned query parameters; valid for `expiresSeconds`, at most a week. */
export function presignTarget(request: UnsignedRequest, expiresSeconds: number, options: SigningOptions): string {
  const { credentials, region, service, now } = options
  const timestamp = formatTimestamp(now)
  const names = Object.keys(request.headers).sort().join(';')
  const parameters: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${timestamp.slice(0, 8)}/${region}/${service}/aws4_request`],
    ['X-Amz-Date', timestamp],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', names],
  ]
  if (credentials.sessionToken !== undefined) parameters.push(['X-Amz-Security-Token', credentials.sessionToken])
  const query = parameters.map(([name, value]) => `${name}=${reencode(value)}`).join('&')
  const target = `${request.target}${request.target.includes('?') ? '&' : '?'}${query}`
  const payloadHash = service === 's3' ? 'UNSIGNED-PAYLOAD' : hash('sha256', '')
  return `${target}&X-Amz-Signature=${computeSignature({ ...request, target }, names, payloadHash, timestamp, options)}`
}

function computeSignature(
  request: UnsignedRequest,
  names: string,
  payloadHash: string,
  timestamp: string,
  { credentials, region, service }: SigningOptions,
): string {
  const plan = planHeaders(names)
  if (plan === undefined) throw new TypeError(`header names must be in lower case: ${names}`)
  const [path = '/', query = ''] = request.target.split(/\?(.*)/s)
  const uri = canonicalPath(path, service === 's3' ? 'once' : 'twice')
  const canonicalRequest = `${request.method}\n${uri}\n${canonicalQuery(query)}\n${canonicalHeaders(request, plan)}\n${names}\n${payloadHash}`
  const date = timestamp.slice(0, 8)
  const scope = `${date}/${region}/${service}/aws4_request`
  const digest = hash('sha256', Buffer.from(canonicalRequest, 'latin1'))
  return deriveSigningKey(credentials.secretAccessKey, date, region, service).sign(
    `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${digest}`,
  )
}
