import { RegistryError, type RegistryErrorReason } from './registry-error.ts'

/** The code that the guarded lookup of transport.ts gives to addresses it refuses. */
export const FORBIDDEN_ADDRESS = 'ERR_FORBIDDEN_ADDRESS'

const NO_HTTP = 'HPE'

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'INVALID_PURPOSE',
  'INVALID_CA',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
])

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not accept a connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending in the middle of an answer',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its answer was cut short',
}

/** Puts a failure of the network into words, by its code; the original stays as the cause, for the log. */
export function networkError(error: unknown, host: string): RegistryError {
  const code = errorCode(error)
  const make = (reason: RegistryErrorReason, message: string) => new RegistryError(reason, host, message, error)
  if (code === FORBIDDEN_ADDRESS) return forbiddenAddress(host)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    return make('unknown-host', `The host name of the registry ${host} could not be resolved.`)
  }
  if (UNTRUSTED.has(code) || code.startsWith('CERT_')) {
    const why = code === 'CERT_HAS_EXPIRED' ? 'it has expired' : certificateTrouble(code)
    return make('untrusted-certificate', `The TLS certificate of ${host} is not trusted: ${why}.`)
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return make('plain-http', `${host} does not speak TLS.`)
  }
  if (code === NO_HTTP || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return make('not-a-registry', `${host} does not answer as an HTTP server does.`)
  }
  const why = UNREACHABLE[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`)
  return make('unreachable', `Unable to reach the registry ${host}: ${why}.`)
}

export const forbiddenAddress = (host: string): RegistryError =>
  new RegistryError('forbidden-address', host, `${host} is at an address that images are never fetched from.`)

function certificateTrouble(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return 'it is for another host name'
  if (code === 'CERT_NOT_YET_VALID') return 'it is not valid yet'
  return 'certificate signed by unknown authority'
}

function errorCode(error: unknown): string {
  // undici gives this one a code only now and then.
  if (error instanceof Error && error.name === 'HTTPParserError') return NO_HTTP
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
