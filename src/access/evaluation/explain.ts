import { type CompiledStatement, coversAction } from '../policy/compiled-policy.ts'
import type { ContextValue } from '../policy/context-values.ts'
import { type Position, positionOf } from '../policy/json-tree.ts'
import { closenessOf, NOBODY } from '../policy/principal-names.ts'
import {
  type Attachment,
  coversPrincipal,
  coversResource,
  type MatchSubject,
  unfulfilled,
} from '../policy/statement-match.ts'
import type { AccessRequest, ApplicablePolicies, AttachedPolicy, PolicySource } from './access-request.ts'
import type { Decision, PolicyType } from './decision.ts'
import { evaluate, toSubject } from './evaluate.ts'
import { type Grant, meetsConstraints } from './grant.ts'

/** A decision with everything that had a say in it. Plain data: it can be stored and shown as it is. */
export interface Explanation {
  readonly decision: Decision
  readonly policies: readonly ConsideredPolicy[]
  readonly grants: readonly ConsideredGrant[]
}

export interface ConsideredPolicy {
  readonly policyType: PolicyType
  readonly source: PolicySource
  /** The document cannot be read, and so denies everything. */
  readonly unreadable: boolean
  readonly statements: readonly ConsideredStatement[]
}

export interface ConsideredStatement {
  readonly sid: string | undefined
  readonly index: number
  readonly effect: 'Allow' | 'Deny'
  readonly start: Position
  readonly end: Position
  /** Whether the statement is about the request; if not, the first of its elements that is not. */
  readonly outcome: 'matches' | 'other-action' | 'other-resource' | 'other-principal' | 'condition-not-met'
  readonly condition?: UnmetCondition
}

export interface UnmetCondition {
  readonly operator: string
  readonly key: string
  readonly expected: readonly string[]
  /** Undefined when the request has no such key. */
  readonly actual: ContextValue | undefined
}

export interface ConsideredGrant {
  readonly id: string
  readonly outcome: 'allows' | 'other-action' | 'other-principal' | 'constraint-not-met'
}

/**
 * Decides as `evaluate` does and says why, statement by statement. It goes through all of them, so it is for after a
 * denial, not for every request.
 */
export function explain(request: AccessRequest, policies: ApplicablePolicies): Explanation {
  const subject = toSubject(request, policies)
  const { identity, boundary, session = [], resource } = policies
  const resourceType: PolicyType = resource?.rule === 'trust' ? 'trust' : 'resource'
  const consider = (attachment: Attachment, policyType: PolicyType) => (attached: AttachedPolicy) =>
    considerPolicy(attached, subject, attachment, policyType)
  return {
    decision: evaluate(request, policies),
    policies: [
      ...identity.map(consider('identity', 'identity')),
      ...(boundary === undefined ? [] : [boundary]).map(consider('identity', 'boundary')),
      ...session.map(consider('identity', 'session')),
      ...(resource?.policies ?? []).map(consider('resource', resourceType)),
    ],
    grants: (resource?.grants ?? []).map((grant) => considerGrant(grant, request, subject.action)),
  }
}

function considerPolicy(
  { source, policy }: AttachedPolicy,
  subject: MatchSubject,
  attachment: Attachment,
  policyType: PolicyType,
): ConsideredPolicy {
  return {
    policyType,
    source,
    unreadable: policy.unreadable,
    statements: policy.statements.map((statement) => ({
      sid: statement.sid,
      index: statement.index,
      effect: statement.allows ? 'Allow' : 'Deny',
      start: positionOf(policy.text, statement.start),
      end: positionOf(policy.text, statement.end),
      ...outcomeOf(statement, subject, attachment),
    })),
  }
}

function outcomeOf(
  statement: CompiledStatement,
  subject: MatchSubject,
  attachment: Attachment,
): Pick<ConsideredStatement, 'outcome' | 'condition'> {
  const { context } = subject
  if (!coversAction(statement, subject.action)) return { outcome: 'other-action' }
  if (!coversResource(statement, subject.resource, context, attachment)) return { outcome: 'other-resource' }
  if (coversPrincipal(statement, subject, attachment) === NOBODY) return { outcome: 'other-principal' }
  const condition = unfulfilled(statement, context)
  if (condition === undefined) return { outcome: 'matches' }
  const { operator, key, values, lookUp } = condition
  return {
    outcome: 'condition-not-met',
    condition: { operator, key, expected: values, actual: context.get(lookUp) },
  }
}

function considerGrant(grant: Grant, request: AccessRequest, action: string): ConsideredGrant {
  if (!grant.actions.has(action)) return { id: grant.id, outcome: 'other-action' }
  if (closenessOf(grant.grantee, request.principal) === NOBODY) return { id: grant.id, outcome: 'other-principal' }
  return { id: grant.id, outcome: meetsConstraints(grant, request, action) ? 'allows' : 'constraint-not-met' }
}

/** A statement that would allow what is denied, and the kind of policy it belongs in. */
export interface Remedy {
  readonly policyType: PolicyType
  readonly statement: Readonly<Record<string, unknown>>
}

/**
 * The one statement that would take away the reason for a denial; undefined when a statement denies, which none can
 * outweigh. Another kind of policy may then be the next to refuse.
 */
export function remedyFor(request: AccessRequest, decision: Decision): Remedy | undefined {
  if (decision.allowed || decision.explicit) return undefined
  const { principal, action, resource } = request
  const { policyType } = decision
  if (policyType === 'identity' || policyType === 'boundary' || policyType === 'session') {
    return { policyType, statement: { Effect: 'Allow', Action: action, Resource: resource } }
  }
  const named =
    principal.kind === 'service'
      ? { Service: principal.arn }
      : principal.kind === 'anonymous'
        ? '*'
        : { AWS: principal.roleArn ?? principal.arn }
  const statement = { Effect: 'Allow', Principal: named, Action: action }
  return { policyType, statement: policyType === 'trust' ? statement : { ...statement, Resource: resource } }
}
