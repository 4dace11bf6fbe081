import type { ScopeFault, SignatureFault, SignatureForm } from './fault.ts'
import { type HeaderPlan, unsignedAmazonHeaders } from './header-plan.ts'
import type { SignableRequest } from './signable-request.ts'
import type { CredentialScope } from './signing-key.ts'

/** How far the clock of a client may differ, in milliseconds. */
export const MAX_SKEW = 15 * 60_000

/** What the endpoint knows about itself; a credential scope that says otherwise is a fault. */
export interface Expectation {
  readonly service?: string
  readonly region?: string
  /** The bucket, when the host names it and the path does not. */
  readonly bucketOfHost?: string
}

/** The parts of a credential. */
export interface Credential {
  readonly accessKeyId: string
  readonly scope: CredentialScope
  readonly terminator: string
}

/** Splits `KEY/DATE/REGION/SERVICE/aws4_request`. */
export function parseCredential(credential: string, form: SignatureForm): Credential | SignatureFault {
  const parts = credential.split('/')
  const [accessKeyId, date, region, service, terminator] = parts as [string, string, string, string, string]
  if (parts.length !== 5 || parts.includes('') || accessKeyId.length > 128) {
    return { fault: 'malformed-credential', credential, form }
  }
  return { accessKeyId, scope: { text: credential, date, region, service }, terminator }
}

// Regions become parts of ARNs and keys, so only names that cannot be anything else are taken.
const REGION = /^[a-z][a-z0-9-]{0,31}$/

/** Whether the scope fits the request's date and the endpoint. */
export function checkScope(
  scope: CredentialScope,
  terminator: string,
  timestamp: string,
  form: SignatureForm,
  expected: Expectation,
): ScopeFault | undefined {
  const { date, region, service } = scope
  const regionFits = REGION.test(region) && (expected.region === undefined || expected.region === region)
  const serviceFits = expected.service === undefined || expected.service === service
  const dateFits = timestamp.startsWith(date) && date.length === 8
  if (regionFits && serviceFits && dateFits && terminator === 'aws4_request') return undefined
  const wrong: ScopeFault['wrong'][number][] = []
  if (!regionFits) wrong.push('region')
  if (!serviceFits) wrong.push('service')
  if (terminator !== 'aws4_request') wrong.push('terminator')
  if (!dateFits) wrong.push('date')
  const expectation = { expectedService: expected.service, expectedRegion: expected.region }
  return { fault: 'scope', form, date, region, service, terminator, timestamp, wrong, ...expectation }
}

/** Whether all headers are signed that must be. */
export function checkSigned(request: SignableRequest, plan: HeaderPlan): SignatureFault | undefined {
  if (!plan.signed.has('host')) return { fault: 'headers-not-signed', names: ['host'] }
  const names = unsignedAmazonHeaders(request, plan)
  return names.length === 0 ? undefined : { fault: 'headers-not-signed', names }
}
