import { hash, timingSafeEqual } from 'node:crypto'
import { canonicalPath, canonicalQuery, type PathRule, sortedQuery } from './canonical-target.ts'
import type { MismatchFault } from './fault.ts'
import { canonicalHeaders } from './header-plan.ts'
import { verifyLegacyQuery } from './legacy-query.ts'
import type { ParsedSignature, ScopedSignature } from './parsed-signature.ts'
import type { SignableRequest } from './signable-request.ts'
import { type HmacKey, signingKey } from './signing-key.ts'

/**
 * Compares the signature with the one that `secretAccessKey` makes; undefined when they are equal. `bodyHash` is the
 * lower-case hex SHA-256 of the body, needed when `parsed.payload.mode` is `body` and ignored otherwise.
 */
export function verifySignature(
  parsed: ParsedSignature,
  request: SignableRequest,
  secretAccessKey: string,
  bodyHash?: string,
): MismatchFault | undefined {
  if (parsed.form === 'legacy-query') return verifyLegacyQuery(parsed, request, secretAccessKey)
  const payloadHash = parsed.payload.mode === 'body' ? bodyHash : parsed.payload.text
  if (payloadHash === undefined) throw new Error('the body must be hashed before its signature is verified')
  const key = signingKey(parsed.scope, secretAccessKey)
  const rest = `${canonicalHeaders(request, parsed.signedHeaders)}\n${parsed.signedHeaders.text}\n${payloadHash}`
  const { path, query } = splitTarget(request.target)
  const rule: PathRule = parsed.scope.service === 's3' ? 'once' : 'twice'

  const uri = canonicalPath(path, rule)
  const search = canonicalQuery(query)
  const canonicalRequest = `${request.method}\n${uri}\n${search}\n${rest}`
  const text = stringToSign(parsed, canonicalRequest)
  if (sameHex(key.sign(text), parsed.signature)) return undefined

  // Some clients sign path and query as they send them, where the canonical form would encode more or less of them.
  const sentPath = rule === 'once' ? path : uri
  const sentQuery = sortedQuery(query)
  if (sentPath !== uri || sentQuery !== search) {
    const asSent = `${request.method}\n${sentPath}\n${sentQuery}\n${rest}`
    if (sameHex(key.sign(stringToSign(parsed, asSent)), parsed.signature)) return undefined
  }
  const { accessKeyId, signature } = parsed
  return { fault: 'mismatch', accessKeyId, signature, stringToSign: text, canonicalRequest }
}

/** What the signatures of an aws-chunked body are chained from. */
export interface ChunkSeed {
  readonly key: HmacKey
  readonly timestamp: string
  /** `DATE/REGION/SERVICE/aws4_request`. */
  readonly scope: string
  readonly signature: string
}

/** The seed for the chunks of a request whose own signature has been verified. */
export function chunkSeed(parsed: ScopedSignature, secretAccessKey: string): ChunkSeed {
  const key = signingKey(parsed.scope, secretAccessKey)
  return { key, timestamp: parsed.timestamp, scope: scopeText(parsed), signature: parsed.signature }
}

function splitTarget(target: string): { path: string; query: string } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) }
}

const scopeText = (parsed: ScopedSignature): string => parsed.scope.text.slice(parsed.accessKeyId.length + 1)

const stringToSign = (parsed: ScopedSignature, canonicalRequest: string): string =>
  `AWS4-HMAC-SHA256\n${parsed.timestamp}\n${scopeText(parsed)}\n${hash('sha256', bytesOf(canonicalRequest))}`

/** Where the bytes of a canonical request stand while they are hashed. */
const room = Buffer.allocUnsafeSlow(4 * 1024)

const bytesOf = (text: string): Buffer =>
  text.length > room.length ? Buffer.from(text, 'latin1') : room.subarray(0, room.write(text, 0, 'latin1'))

const COMPUTED = Buffer.alloc(64)
const GIVEN = Buffer.alloc(64)

/** Whether two signatures of 64 characters are equal, in a time that does not tell where they differ. */
export function sameHex(computed: string, given: string): boolean {
  if (computed.length !== COMPUTED.length || given.length !== GIVEN.length) return false
  COMPUTED.write(computed, 0, 'latin1')
  GIVEN.write(given, 0, 'latin1')
  return timingSafeEqual(COMPUTED, GIVEN)
}
