import type { RequestSignature } from '../services/authorizer.ts'
import { parseTimestamp } from '../wire/sigv4/timestamp.ts'
import type { Claim } from './authenticate.ts'

/** How a request is signed, for policies that ask; undefined when nobody asked for a signature. */
export function requestSignature(claim: Claim | undefined): RequestSignature | undefined {
  if (claim === undefined) return undefined
  const { signature } = claim
  if (signature.form === 'legacy-query') return { version: 'AWS', inQuery: true }
  const { payload, timestamp, form } = signature
  return {
    version: 'AWS4-HMAC-SHA256',
    inQuery: form === 'query',
    madeAt: parseTimestamp(timestamp),
    contentSha256: payload.mode === 'body' ? undefined : payload.text,
  }
}
