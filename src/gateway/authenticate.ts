import type { CredentialSource } from '../access/credential-source.ts'
import type { Principal } from '../access/principal.ts'
import type { ProtocolName } from '../model/service-description.ts'
import type { Expectation } from '../wire/sigv4/checks.ts'
import type { SignatureFault } from '../wire/sigv4/fault.ts'
import { signatureError } from '../wire/sigv4/fault-error.ts'
import { parseSignature } from '../wire/sigv4/parse.ts'
import type { ParsedSignature } from '../wire/sigv4/parsed-signature.ts'
import type { SignableRequest } from '../wire/sigv4/signable-request.ts'
import { claimedCredential } from './claimed-credential.ts'
import type { Call } from './exchange.ts'

/** Who the request says it is from. Proven only once its signature has been verified, which may need the body. */
export interface Caller {
  readonly principal: Principal
  readonly region: string
  /** What to verify; undefined for a caller that is not asked for a signature. */
  readonly claim: Claim | undefined
}

export interface Claim {
  readonly signature: ParsedSignature
  readonly request: SignableRequest
  readonly secretAccessKey: string
}

/** Tells who calls. */
export interface Authenticator {
  /** A signature for another service than the one that is asked proves nothing. */
  identify(exchange: Call, family: ProtocolName, expected: Expectation): Caller | Promise<Caller>
}

const ANONYMOUS: Principal = { kind: 'anonymous', account: '', arn: '*', userId: 'anonymous' }

const isFault = (value: object): value is SignatureFault => 'fault' in value

/** `--auth verify`: every request carries a signature by a known key. Only S3 and SNS take anonymous ones. */
export function verifyingAuthenticator(credentials: CredentialSource, region: string): Authenticator {
  return {
    identify(exchange, family, expected) {
      const request = signable(exchange)
      const signature = parseSignature(request, exchange.now, expected)
      if (isFault(signature)) {
        if (signature.fault === 'missing' && (family === 'rest-xml' || expected.service === 'sns'))
          return { principal: ANONYMOUS, region, claim: undefined }
        throw signatureError(signature, family)
      }
      const found = credentials.find(signature.accessKeyId, signature.sessionToken)
      const admit = (lookup: Awaited<typeof found>): Caller => {
        if ('fault' in lookup) throw signatureError({ fault: lookup.fault, accessKeyId: signature.accessKeyId }, family)
        const { principal, secretAccessKey } = lookup
        return { principal, region: signature.scope.region, claim: { signature, request, secretAccessKey } }
      }
      return found instanceof Promise ? found.then(admit) : admit(found)
    },
  }
}

/** `--auth trust`: a key that is known acts as its owner, anything else as `fallback`; signatures are not looked at. */
export function trustingAuthenticator(
  credentials: CredentialSource,
  fallback: Principal,
  region: string,
): Authenticator {
  return {
    async identify({ request, query }) {
      const claimed = claimedCredential(request.headers.authorization, query)
      const token = request.headers['x-amz-security-token'] ?? new URLSearchParams(query).get('X-Amz-Security-Token')
      const lookup =
        claimed === undefined ? undefined : await credentials.find(claimed.accessKeyId, token?.toString() ?? undefined)
      const principal = lookup !== undefined && 'principal' in lookup ? lookup.principal : fallback
      const named = claimed?.region
      return { principal, region: named !== undefined && REGION.test(named) ? named : region, claim: undefined }
    },
  }
}

// Regions become parts of ARNs and keys.
const REGION = /^[a-z][a-z0-9-]{0,31}$/

const signable = ({ request, method, target }: Call): SignableRequest => ({
  method,
  target,
  headers: request.headers,
  rawHeaders: request.rawHeaders,
})
