/** Why a request is not authenticated. What each is called and how it is answered depends on the protocol: fault-error.ts. */
export type SignatureFault =
  /** Neither an Authorization header nor a presigned query. S3 takes such a request as anonymous. */
  | { readonly fault: 'missing' }
  | { readonly fault: 'two-signatures' }
  /** Another scheme, such as Bearer, Basic or signature version 2. */
  | { readonly fault: 'unsupported-scheme'; readonly scheme: string }
  | { readonly fault: 'unsupported-algorithm'; readonly algorithm: string; readonly form: SignatureForm }
  | {
      readonly fault: 'missing-components'
      readonly names: readonly string[]
      readonly source: string
      readonly form: SignatureForm
    }
  | {
      readonly fault: 'malformed-component'
      readonly component: string
      readonly source: string
      readonly form: SignatureForm
    }
  | { readonly fault: 'malformed-credential'; readonly credential: string; readonly form: SignatureForm }
  | { readonly fault: 'malformed-date'; readonly text: string; readonly form: SignatureForm }
  | { readonly fault: 'malformed-legacy-query' }
  | ScopeFault
  | {
      readonly fault: 'malformed-expiry'
      readonly problem: 'not-a-number' | 'negative' | 'too-large'
      readonly text: string
    }
  | { readonly fault: 'headers-not-signed'; readonly names: readonly string[] }
  | { readonly fault: 'missing-content-hash' }
  | { readonly fault: 'malformed-content-hash'; readonly text: string }
  | {
      readonly fault: 'expired' | 'not-yet-current'
      readonly timestamp: string
      readonly time: number
      readonly now: number
    }
  | { readonly fault: 'url-expired'; readonly time: number; readonly expiresSeconds: number; readonly now: number }
  | { readonly fault: 'url-not-yet-valid'; readonly time: number; readonly now: number }
  | MismatchFault
  | { readonly fault: 'content-mismatch'; readonly declared: string; readonly computed: string }
  | LookupFault

export type SignatureForm = 'header' | 'query'

/** The credential scope names something else than what the request is for. */
export interface ScopeFault {
  readonly fault: 'scope'
  readonly form: SignatureForm
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
  /** When the request says it was signed, `20150830T123600Z`. */
  readonly timestamp: string
  /** In the order AWS lists them; never empty. */
  readonly wrong: readonly ('region' | 'service' | 'terminator' | 'date')[]
  readonly expectedService?: string
  readonly expectedRegion?: string
}

export interface MismatchFault {
  readonly fault: 'mismatch'
  readonly accessKeyId: string
  readonly signature: string
  readonly stringToSign: string
  readonly canonicalRequest: string
}

/** What looking up the access key found. `accessKeyId` is the one the request named. */
export interface LookupFault {
  readonly fault: 'unknown-key' | 'inactive-key' | 'invalid-token' | 'expired-token'
  readonly accessKeyId: string
}
