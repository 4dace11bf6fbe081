import type { ContextValue, ContextValues } from '../policy/context-values.ts'
import type { Principal } from '../principal.ts'

/** What the global condition keys are worked out from. */
export interface RequestFacts {
  readonly principal: Principal
  /** Epoch milliseconds. */
  readonly now: number
  readonly region?: string
  readonly resourceAccount?: string
  readonly sourceIp?: string
  readonly secureTransport?: boolean
  readonly userAgent?: string
  /** When the temporary credentials were made, epoch milliseconds; undefined for permanent ones. */
  readonly tokenIssuedAt?: number
  readonly sourceIdentity?: string
  readonly principalTags?: Readonly<Record<string, string>>
  readonly resourceTags?: Readonly<Record<string, string>>
  readonly requestTags?: Readonly<Record<string, string>>
  /** Of a request that a service makes: on behalf of which resource, and of whose. */
  readonly sourceArn?: string
  readonly sourceAccount?: string
  /** Keys of the service, in lower case: `s3:prefix`, `sts:externalid`. They go before the global ones. */
  readonly keys?: ContextValues
}

/** The condition keys of a request. Works each value out when a policy asks for it, so that most cost nothing. */
export function requestContext(facts: RequestFacts): ContextValues {
  return { get: (key) => facts.keys?.get(key) ?? global(key, facts) }
}

function global(key: string, facts: RequestFacts): ContextValue | undefined {
  const { principal } = facts
  switch (key) {
    case 'aws:currenttime':
      return new Date(facts.now).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(facts.now / 1000))
    case 'aws:tokenissuetime':
      return facts.tokenIssuedAt === undefined ? undefined : new Date(facts.tokenIssuedAt).toISOString()
    case 'aws:multifactorauthpresent':
      // Permanent keys never carry the key; there are no MFA devices here, so sessions were made without one.
      return facts.tokenIssuedAt === undefined ? undefined : 'false'
    case 'aws:sourceip':
      return facts.sourceIp
    case 'aws:securetransport':
      return facts.secureTransport === undefined ? undefined : String(facts.secureTransport)
    case 'aws:useragent':
      return facts.userAgent
    case 'aws:requestedregion':
      return facts.region
    case 'aws:resourceaccount':
      return facts.resourceAccount
    case 'aws:sourcearn':
      return facts.sourceArn
    case 'aws:sourceaccount':
      return facts.sourceAccount
    case 'aws:sourceidentity':
      return facts.sourceIdentity
    case 'aws:tagkeys':
      return facts.requestTags === undefined ? undefined : Object.keys(facts.requestTags)
    default:
      return ofPrincipal(key, principal) ?? tagValue(key, facts)
  }
}

function ofPrincipal(key: string, principal: Principal): string | undefined {
  const isService = principal.kind === 'service'
  const isKnown = principal.kind !== 'anonymous' && !isService
  switch (key) {
    case 'aws:principalarn':
      return isKnown ? (principal.roleArn ?? principal.arn) : undefined
    case 'aws:principalaccount':
      return isKnown ? principal.account : undefined
    case 'aws:principaltype':
      return PRINCIPAL_TYPES[principal.kind]
    case 'aws:userid':
      return isKnown ? principal.userId : undefined
    case 'aws:username':
      return principal.kind === 'user' ? principal.arn.slice(principal.arn.lastIndexOf('/') + 1) : undefined
    case 'aws:principalisawsservice':
    case 'aws:viaawsservice':
      return String(isService && key === 'aws:principalisawsservice')
    case 'aws:principalservicename':
      return isService ? principal.arn : undefined
    default:
      return undefined
  }
}

const PRINCIPAL_TYPES: Readonly<Record<Principal['kind'], string | undefined>> = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  service: undefined,
  anonymous: 'Anonymous',
}

/** Whether a condition key is about the tags of the resource. */
export const isResourceTagKey = (key: string): boolean => /^(?:aws|ecr|sagemaker):resourcetag\//i.test(key)

const TAGS = [
  ['aws:principaltag/', 'principalTags'],
  ['aws:resourcetag/', 'resourceTags'],
  // Names that services have of their own for the same.
  ['ecr:resourcetag/', 'resourceTags'],
  ['sagemaker:resourcetag/', 'resourceTags'],
  ['aws:requesttag/', 'requestTags'],
] as const

/** Tags by name; condition keys ignore case, the names of tags in them too. */
function tagValue(key: string, facts: RequestFacts): string | undefined {
  for (const [prefix, member] of TAGS) {
    if (!key.startsWith(prefix)) continue
    const name = key.slice(prefix.length)
    return Object.entries(facts[member] ?? {}).find(([tag]) => tag.toLowerCase() === name)?.[1]
  }
  return undefined
}
