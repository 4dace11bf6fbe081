import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../policy/compiled-policy.ts'
import type { ContextValue } from '../policy/context-values.ts'
import type { Principal } from '../principal.ts'
import { rolePrincipal, rootPrincipal, servicePrincipal, userPrincipal } from '../principals.ts'
import type { AccessRequest, ApplicablePolicies, AttachedPolicy, ResourcePolicies } from './access-request.ts'
import type { Decision } from './decision.ts'
import { evaluate } from './evaluate.ts'

/* What the tests of evaluation share: two accounts with their people, and short ways to write policies. */

export const HOME = '111122223333'
export const AWAY = '444455556666'

export const root = rootPrincipal(HOME)
export const ann = userPrincipal(HOME, { path: '/', name: 'ann', id: 'AIDAANNAAAAAAAAAA' })
export const session = rolePrincipal(HOME, { path: '/', name: 'dev', id: 'AROADEVDEVDEVDEVD' }, 'job')

export const bob = userPrincipal(HOME, { path: '/', name: 'bob', id: 'AIDABOB' })
export const sagemaker = servicePrincipal('sagemaker.amazonaws.com')

export const ANN = 'arn:aws:iam::111122223333:user/ann'
export const ROLE = 'arn:aws:iam::111122223333:role/dev'
export const SESSION = 'arn:aws:sts::111122223333:assumed-role/dev/job'
export const ROOT = 'arn:aws:iam::111122223333:root'
export const OTHERS = 'arn:aws:iam::444455556666:root'

export type Rule = Readonly<Record<string, unknown>>

export const allow = (more: Rule = {}): Rule => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more })
export const deny = (more: Rule = {}): Rule => ({ ...allow(more), Effect: 'Deny' })

/** Statements of a resource's policy, by whom they name. */
export const only = (name: string, more: Rule = {}): Rule => allow({ Principal: { AWS: name }, ...more })
export const everyone = (more: Rule = {}): Rule => allow({ Principal: '*', ...more })
export const service = (more: Rule = {}): Rule => allow({ Principal: { Service: 'sagemaker.amazonaws.com' }, ...more })
/** Says nothing about what the tests ask for. */
export const nothing: readonly Rule[] = [allow({ Action: 'iam:*' })]

export const documentOf = (...statements: readonly Rule[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

export const attach = (text: string, id = 'policy'): AttachedPolicy => ({
  source: { id, type: 'user-managed' },
  policy: compilePolicy(text),
})

export const policyOf = (...statements: readonly Rule[]): AttachedPolicy => attach(documentOf(...statements))

/** Statements by the kind of policy they stand in; none of a kind that is left out. */
export interface Policies {
  readonly identity?: readonly Rule[]
  readonly boundary?: readonly Rule[]
  readonly session?: readonly Rule[]
  readonly resource?: readonly Rule[]
  readonly rule?: ResourcePolicies['rule']
  readonly grants?: ResourcePolicies['grants']
}

export function applicable({ identity, boundary, session, resource, rule, grants }: Policies): ApplicablePolicies {
  return {
    identity: identity === undefined || identity.length === 0 ? [] : [policyOf(...identity)],
    boundary: boundary === undefined ? undefined : policyOf(...boundary),
    session: session === undefined ? undefined : [policyOf(...session)],
    resource: {
      policies: resource === undefined || resource.length === 0 ? [] : [policyOf(...resource)],
      rule: rule ?? 'ordinary',
      grants,
    },
  }
}

export interface Ask {
  readonly who?: Principal
  readonly action?: string
  readonly resource?: string
  readonly owner?: string
  readonly context?: Readonly<Record<string, ContextValue>>
  readonly encryptionContext?: Readonly<Record<string, string>>
}

export const requestOf = ({ who = ann, action, resource, owner, context = {}, ...rest }: Ask): AccessRequest => ({
  principal: who,
  action: action ?? 's3:GetObject',
  resource: resource ?? 'arn:aws:s3:::data/model.tar.gz',
  resourceAccount: owner ?? HOME,
  context: new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value])),
  ...rest,
})

/** A decision in two or three words: `allow`, `deny identity`, `explicit resource`. */
export const inWords = (decision: Decision): string =>
  decision.allowed ? 'allow' : `${decision.explicit ? 'explicit' : 'deny'} ${decision.policyType}`

export const decide = (ask: Ask, policies: Policies): string => inWords(evaluate(requestOf(ask), applicable(policies)))

export type Case = readonly [what: string, ask: Ask, policies: Policies, expected: string]

/* The cases follow the IAM User Guide and the KMS Developer Guide, not the code: each says what the guides say. */
export function table(name: string, cases: readonly Case[]): void {
  describe(name, () => {
    it.each(cases)('%s', (_, ask, policies, expected) => expect(decide(ask, policies)).toBe(expected))
  })
}
