import type { PolicySource } from '../../../access/evaluation/access-request.ts'
import type { PolicyType } from '../../../access/evaluation/decision.ts'
import {
  type ConsideredGrant,
  type ConsideredPolicy,
  type ConsideredStatement,
  explain,
} from '../../../access/evaluation/explain.ts'
import { type Remedies, remediesFor } from '../../../access/evaluation/remedies.ts'
import { type CompiledStatement, contextKeysOf } from '../../../access/policy/compiled-policy.ts'
import type { ContextValue } from '../../../access/policy/context-values.ts'
import type { Principal } from '../../../access/principal.ts'
import type { Denial } from '../authorization/create-authorizer.ts'

/** A refusal with everything that had a say in it: plain data without secrets, to be stored and shown. */
export interface DenialDetails extends Remedies {
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly principal: {
    readonly kind: Principal['kind']
    readonly arn: string
    readonly id: string
    readonly account: string
    readonly roleArn?: string
  }
  readonly action: string
  readonly resource: string
  readonly resourceAccount: string
  readonly explicit: boolean
  readonly policyType: PolicyType
  /** The policy that denies, and its statement; an unreadable policy denies without one. */
  readonly by?: { readonly source: PolicySource; readonly index?: number; readonly sid?: string }
  readonly policies: readonly DetailedPolicy[]
  readonly grants: readonly ConsideredGrant[]
  /** The condition keys of the request that policies look at, and those that every request has. */
  readonly context: Readonly<Record<string, ContextValue>>
}

export interface DetailedPolicy extends Omit<ConsideredPolicy, 'statements'> {
  readonly statements: readonly DetailedStatement[]
  /** Statements that were left out for the size of it all: none of them is about the request. */
  readonly omitted?: number
}

export interface DetailedStatement extends ConsideredStatement {
  /** The statement itself, when it is about the request. */
  readonly text?: string
}

/** What every request has and people ask about first. */
const COMMON_KEYS = [
  'aws:CurrentTime',
  'aws:PrincipalArn',
  'aws:RequestedRegion',
  'aws:ResourceAccount',
  'aws:SecureTransport',
  'aws:SourceIp',
  'aws:UserAgent',
]

/** Keys whose values prove something, or are called as if they did. `aws:TokenIssueTime` is none. */
const CONFIDENTIAL = /externalid|secret|passw|credential|private-?key|api-?key|customer-key|sessiontoken|bearer/i
const HIDDEN = '(not kept)'

const MAX_KEYS = 50
const MAX_VALUES = 20
const MAX_VALUE = 256
const MAX_STATEMENT = 2_048

/** Works out why a request was refused, for whoever asks later. It takes its time: for after a refusal only. */
export function describeDenial({ id, at, request, policies, decision, conditionKeys }: Denial): DenialDetails {
  const { principal, action, resource, resourceAccount, context } = request
  const explanation = explain(request, policies)
  const attached = [
    ...policies.identity,
    ...(policies.boundary === undefined ? [] : [policies.boundary]),
    ...(policies.session ?? []),
    ...(policies.resource?.policies ?? []),
  ]
  const keys = [...COMMON_KEYS, ...conditionKeys, ...contextKeysOf(attached.map(({ policy }) => policy))].slice(
    0,
    MAX_KEYS,
  )
  return {
    requestId: id,
    at,
    principal: {
      kind: principal.kind,
      arn: principal.arn,
      id: principal.userId,
      account: principal.account,
      ...(principal.roleArn !== undefined && { roleArn: principal.roleArn }),
    },
    action,
    resource,
    resourceAccount: resourceAccount === '' ? principal.account : resourceAccount,
    explicit: decision.explicit,
    policyType: decision.policyType,
    ...(decision.by !== undefined && { by: { source: decision.by.source, ...named(decision.by.statement) } }),
    // `explain` goes through the policies in the order of `attached`.
    policies: explanation.policies.map((policy, index) =>
      detailed(policy, attached[index]?.policy.text ?? '', attached[index]?.policy.statements ?? []),
    ),
    grants: explanation.grants,
    ...remediesFor(request, policies),
    context: contextOf(keys, context),
  }
}

const named = (statement: CompiledStatement | undefined) =>
  statement === undefined
    ? {}
    : { index: statement.index, ...(statement.sid !== undefined && { sid: clip(statement.sid) }) }

function detailed(policy: ConsideredPolicy, text: string, compiled: readonly CompiledStatement[]): DetailedPolicy {
  return {
    ...policy,
    statements: policy.statements.map((statement, index) => {
      const { condition, outcome } = statement
      const { start = 0, end = 0 } = compiled[index] ?? {}
      return {
        ...statement,
        ...(condition !== undefined && {
          condition: {
            ...condition,
            expected: shown(condition.key, condition.expected) as readonly string[],
            actual: condition.actual === undefined ? undefined : shown(condition.key, condition.actual),
          },
        }),
        ...(outcome === 'matches' && end - start <= MAX_STATEMENT && { text: text.slice(start, end) }),
      }
    }),
  }
}

function contextOf(keys: readonly string[], context: Denial['request']['context']): Record<string, ContextValue> {
  const values = new Map<string, [string, ContextValue]>()
  for (const key of keys) {
    const value = context.get(key.toLowerCase())
    if (value !== undefined && !values.has(key.toLowerCase())) values.set(key.toLowerCase(), [key, shown(key, value)])
  }
  return Object.fromEntries(values.values())
}

function shown(key: string, value: ContextValue): ContextValue {
  if (CONFIDENTIAL.test(key)) return typeof value === 'string' ? HIDDEN : [HIDDEN]
  return typeof value === 'string' ? clip(value) : value.slice(0, MAX_VALUES).map(clip)
}

const clip = (text: string): string => (text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}…`)
