import type { SignatureForm } from './fault.ts'
import type { HeaderPlan } from './header-plan.ts'
import type { CredentialScope } from './signing-key.ts'

/** A well-formed signature, not yet verified. */
export type ParsedSignature = ScopedSignature | LegacySignature

/** Version 4, from the Authorization header or from a presigned query. */
export interface ScopedSignature {
  readonly form: SignatureForm
  readonly accessKeyId: string
  readonly scope: CredentialScope
  readonly signedHeaders: HeaderPlan
  /** 64 hex digits, as sent. */
  readonly signature: string
  /** When it was made, `20150830T123600Z`. */
  readonly timestamp: string
  /** From the request, not yet trusted. */
  readonly sessionToken: string | undefined
  readonly payload: PayloadMode
}

/** Version 2 in a query, which S3 alone still takes. Of the scope only region (the endpoint's) and service mean anything. */
export interface LegacySignature {
  readonly form: 'legacy-query'
  readonly accessKeyId: string
  readonly scope: CredentialScope
  /** Base64, as sent. */
  readonly signature: string
  /** Epoch seconds, as sent. */
  readonly expires: string
  readonly sessionToken: string | undefined
  readonly payload: PayloadMode
  readonly bucketOfHost: string | undefined
}

/**
 * What the signature says about the body.
 * - `body`: the signature covers the body's SHA-256; the verifier must be handed it.
 * - `declared`: it covers the hash of a header; the body must turn out to have it (`content-mismatch` otherwise).
 * - `unsigned`: it says nothing about the body.
 * - `chunked`: the body is aws-chunked.
 */
export type PayloadMode =
  | { readonly mode: 'body' }
  | { readonly mode: 'declared'; readonly text: string }
  | { readonly mode: 'unsigned'; readonly text: string }
  | { readonly mode: 'chunked'; readonly text: string; readonly signed: boolean; readonly trailer: boolean }

const BODY: PayloadMode = { mode: 'body' }
export const UNSIGNED_PAYLOAD = { mode: 'unsigned', text: 'UNSIGNED-PAYLOAD' } as const
const FIXED = new Map<string, PayloadMode>(
  [
    UNSIGNED_PAYLOAD,
    { mode: 'chunked' as const, text: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', signed: true, trailer: false },
    { mode: 'chunked' as const, text: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', signed: true, trailer: true },
    { mode: 'chunked' as const, text: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', signed: false, trailer: true },
  ].map((mode) => [mode.text, mode]),
)

/**
 * Reads `x-amz-content-sha256`. Only S3 takes the header's word; every other service hashes the body itself.
 * Undefined when the value is none of those S3 knows.
 */
export function payloadMode(service: string, text: string | undefined, form: SignatureForm): PayloadMode | undefined {
  if (service !== 's3') return BODY
  if (text === undefined) return form === 'query' ? UNSIGNED_PAYLOAD : undefined
  return FIXED.get(text) ?? (/^[0-9a-f]{64}$/.test(text) ? { mode: 'declared', text } : undefined)
}
