import type { Principal } from '../principal.ts'
import type { CompiledStatement } from './compiled-policy.ts'
import { type CompiledCondition, fulfils } from './condition.ts'
import type { ContextValues } from './context-values.ts'
import { matchAny, NO, UNKNOWN, YES } from './pattern.ts'
import { type Closeness, closenessOf, NOBODY, SELF } from './principal-names.ts'

/** What statements are held against. */
export interface MatchSubject {
  readonly principal: Principal
  readonly canonicalUserId?: string
  /** In lower case. */
  readonly action: string
  readonly resource: string
  readonly context: ContextValues
  /** The principal has a permissions boundary. */
  readonly bounded: boolean
}

/** What a policy is attached to: one that limits or permits an identity, or one of a resource. */
export type Attachment = 'identity' | 'resource'

/** A variable without a value excludes nothing from what is denied, and lets nothing through that is allowed. */
export function coversResource(
  statement: CompiledStatement,
  resource: string,
  context: ContextValues,
  attachment: Attachment,
): boolean {
  // Without a Resource a resource's policy is about that resource; an identity's would be about anything.
  if (statement.resources === undefined) return attachment === 'resource' || !statement.allows
  const match = matchAny(statement.resources, resource, context)
  if (!statement.notResource) return match === YES
  return match === NO || (match === UNKNOWN && !statement.allows)
}

/** How closely a statement names the principal, `NOBODY` when it is not about it. Policies of identities name no one. */
export function coversPrincipal(
  statement: CompiledStatement,
  subject: MatchSubject,
  attachment: Attachment,
): Closeness {
  const { principals, notPrincipal, allows } = statement
  if (principals === undefined) return attachment === 'identity' || !allows ? SELF : NOBODY
  const named = closenessOf(principals, subject.principal, subject.canonicalUserId)
  if (!notPrincipal) return named
  // As documented: NotPrincipal with Deny denies whoever has a permissions boundary, whatever it names.
  if (!allows && subject.bounded) return SELF
  return named === NOBODY ? SELF : NOBODY
}

export function unfulfilled(statement: CompiledStatement, context: ContextValues): CompiledCondition | undefined {
  for (const condition of statement.conditions) {
    if (!fulfils(condition, context, statement.allows)) return condition
  }
  return undefined
}

/** Whether a statement about an action is about the request, and if so, how closely it names who makes it. */
export function matchStatement(statement: CompiledStatement, subject: MatchSubject, attachment: Attachment): Closeness {
  if (!coversResource(statement, subject.resource, subject.context, attachment)) return NOBODY
  const closeness = coversPrincipal(statement, subject, attachment)
  if (closeness === NOBODY || unfulfilled(statement, subject.context) !== undefined) return NOBODY
  return closeness
}
