import type { CompiledPolicy } from '../policy/compiled-policy.ts'
import type { ContextValues } from '../policy/context-values.ts'
import type { Principal } from '../principal.ts'
import type { Grant } from './grant.ts'

/** Who wants to do what to which resource, and what is known about it. */
export interface AccessRequest {
  readonly principal: Principal
  /** `sagemaker:CreateModel`. */
  readonly action: string
  /** An ARN, or `*` for actions that are about no resource. */
  readonly resource: string
  /** The account that owns the resource; empty when it is the principal's own. Never taken from a bucket's ARN. */
  readonly resourceAccount: string
  readonly context: ContextValues
  /** The canonical user id of the principal's account, where bucket policies may name it. */
  readonly canonicalUserId?: string
  /** Of a KMS request: what the constraints of grants are about. */
  readonly encryptionContext?: Readonly<Record<string, string>>
}

/** The policies that have a say in a request. */
export interface ApplicablePolicies {
  /** Of the user or role: inline, managed, and of the user's groups. */
  readonly identity: readonly AttachedPolicy[]
  readonly boundary?: AttachedPolicy
  /** Those passed when the session was made, together; undefined when none were. */
  readonly session?: readonly AttachedPolicy[]
  readonly resource?: ResourcePolicies
}

export interface ResourcePolicies {
  readonly policies: readonly AttachedPolicy[]
  /**
   * `ordinary`: within an account it or an identity's policy may allow. `key`, `trust`: it must, whatever identities'
   * policies say. `bucket`: ordinary, but the owner's root can always see to the policy itself.
   */
  readonly rule: 'ordinary' | 'bucket' | 'key' | 'trust'
  /** Of a KMS key. */
  readonly grants?: readonly Grant[]
}

/** A compiled document where it is attached. */
export interface AttachedPolicy {
  readonly source: PolicySource
  readonly policy: CompiledPolicy
}

/** Where a policy comes from, for a person: its ARN, or its name and whose it is. */
export interface PolicySource {
  readonly id: string
  readonly type: 'user' | 'group' | 'role' | 'aws-managed' | 'user-managed' | 'resource' | 'none'
}
