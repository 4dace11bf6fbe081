/** Why an image could not be resolved. Decisions and the wording of FailureReason are made on it. */
export type RegistryErrorReason =
  | 'invalid-reference'
  /** No route, refused, reset, or no answer in time. */
  | 'unreachable'
  | 'unknown-host'
  | 'untrusted-certificate'
  /** The host speaks http where https is demanded. */
  | 'plain-http'
  /** An address that is never asked: link-local, metadata services, loopback through somebody else's redirect. */
  | 'forbidden-address'
  /** A login is needed and none was given, or user name and password are wrong. */
  | 'unauthorized'
  /** The login is right but may not pull this repository. */
  | 'denied'
  | 'not-found'
  | 'unsupported-manifest'
  | 'wrong-architecture'
  | 'digest-mismatch'
  | 'rate-limited'
  /** Something answers, but no Docker Registry V2. */
  | 'not-a-registry'
  | 'server-error'
  /** An answer that the protocol does not allow. */
  | 'protocol'

/** The message is for people; it never holds credentials, tokens or a server's own text. */
export class RegistryError extends Error {
  readonly reason: RegistryErrorReason
  /** The registry (or token server, or redirect target) that the trouble is with, as host[:port]. */
  readonly host: string

  constructor(reason: RegistryErrorReason, host: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'RegistryError'
    this.reason = reason
    this.host = host
  }
}

const TRANSIENT: ReadonlySet<RegistryErrorReason> = new Set([
  'unreachable',
  'unknown-host',
  'rate-limited',
  'server-error',
])

/** Whether trying again later may help. */
export const isTransient = (error: RegistryError): boolean => TRANSIENT.has(error.reason)
