import type { ResourcePolicies } from '../access/evaluation/access-request.ts'
import type { Decision } from '../access/evaluation/decision.ts'
import type { ContextValue } from '../access/policy/context-values.ts'
import type { Principal } from '../access/principal.ts'

/** Somebody wants to do something: what the gateway asks before a handler runs, and a facade before it acts for a principal. */
export interface AccessQuestion {
  readonly principal: Principal
  /** `s3:GetObject` */
  readonly action: string
  /** An ARN, or `*` for actions that know no resource. */
  readonly resource: string
  /** Condition keys beside the global ones, by lower-case name. */
  readonly conditions?: Readonly<Record<string, ContextValue | undefined>>
  /** Of a KMS request: what the constraints of grants are about. */
  readonly encryptionContext?: Readonly<Record<string, string>>
  /** What the resource has to say, when whoever asks has it at hand; otherwise its service is asked. */
  readonly resourceSide?: ResourceSide
  /** The request that wants it; undefined for what is done in the background, such as an execution role's work. */
  readonly origin?: RequestOrigin
  /** Whose error a refusal is, such as `sagemaker` for a role that CreateModel hands on. Default: the action's service. */
  readonly service?: string
}

/** What is known of a request besides who makes it. */
export interface RequestOrigin {
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly region: string
  readonly sourceIp?: string
  readonly secureTransport?: boolean
  readonly userAgent?: string
  /** Undefined when the request is not signed, or nobody looks at signatures. */
  readonly signature?: RequestSignature
}

/** How a request is signed. */
export interface RequestSignature {
  readonly version: 'AWS4-HMAC-SHA256' | 'AWS'
  /** In the URL, as presigned requests have it, and not in a header. */
  readonly inQuery: boolean
  /** Epoch milliseconds; unknown of version 2. */
  readonly madeAt?: number
  /** What it says of the body: its SHA-256 in hex, or S3's word for not saying. */
  readonly contentSha256?: string
}

/** A resource as authorisation sees it. */
export interface ResourceSide {
  /** The account that owns it; empty when nobody does yet, which makes it the caller's own. */
  readonly account: string
  /** Undefined for a resource of a kind that has no policies. */
  readonly policies?: ResourcePolicies
  /** Its tags; asked for only when a policy's decision hangs on one of them. */
  readonly tags?: () => Promise<Readonly<Record<string, string>>>
  /** What policies call those tags: the condition key up to a tag's name, in lower case. Default: `aws:resourcetag/`. */
  readonly tagKey?: string
  /** Condition keys that say something of the resource itself, by lower-case name. */
  readonly conditions?: Readonly<Record<string, ContextValue | undefined>>
  /** The canonical user id of the principal's account, where the resource's policy may name it. */
  readonly canonicalUserId?: string
}

/** What a service knows of its resources. Answers at once where it can, so that nothing on a hot path waits. */
export interface ResourceDirectory {
  /** Undefined for what has neither policy nor tags and belongs to the account that its ARN names. */
  find(resource: string, principal: Principal): ResourceSide | undefined | Promise<ResourceSide | undefined>
}

/** Decides who may do what. What cannot be decided, because storage is away, is not allowed: the call rejects. */
export interface Authorizer {
  /**
   * Resolves when it is allowed.
   * @throws AccessDeniedError in the words and with the code of the service
   */
  require(question: AccessQuestion): void | Promise<void>
  /** Decides without a record, for lists that leave out what the caller may not see. */
  decide(question: AccessQuestion): Decision | Promise<Decision>
}

/** The id under which `slipway explain` finds why, when an error is a refusal or was caused by one. */
export function denialIdOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('denialId' in cause && typeof cause.denialId === 'string') return cause.denialId
  }
  return undefined
}
