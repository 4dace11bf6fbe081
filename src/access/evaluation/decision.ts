import type { CompiledStatement } from '../policy/compiled-policy.ts'
import type { PolicySource } from './access-request.ts'

/** The kinds of policy that can refuse a request. A role's trust policy is worded apart from other resources'. */
export type PolicyType = 'identity' | 'resource' | 'trust' | 'boundary' | 'session'

export type Decision = Allowed | Denied

export interface Allowed {
  readonly allowed: true
}

export interface Denied {
  readonly allowed: false
  /** A statement denies it, as opposed to no statement allowing it. */
  readonly explicit: boolean
  readonly policyType: PolicyType
  /** The statement that denies; an unreadable policy denies without one. */
  readonly by?: { readonly source: PolicySource; readonly statement: CompiledStatement | undefined }
}

export const ALLOWED: Allowed = Object.freeze({ allowed: true })

const implicit = (policyType: PolicyType): Denied => Object.freeze({ allowed: false, explicit: false, policyType })

/** No policy of a kind allows it. */
export const NOT_ALLOWED_BY: Readonly<Record<PolicyType, Denied>> = {
  identity: implicit('identity'),
  resource: implicit('resource'),
  trust: implicit('trust'),
  boundary: implicit('boundary'),
  session: implicit('session'),
}
