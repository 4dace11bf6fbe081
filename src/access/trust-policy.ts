import { listOf, type PolicyDocument, type Principals, type Statement, type Texts } from './policy-document.ts'
import type { Principal } from './principal.ts'

/** Who wants to assume a role, and what is known about it. */
export interface AssumeRequest {
  /** An identity of an account, or the DNS name of a service. */
  readonly caller: Principal | { readonly service: string }
  /** Values of condition keys, such as `sts:ExternalId`; keys in lower case. */
  readonly conditions: Readonly<Record<string, string | undefined>>
}

/**
 * Whether a role's trust policy lets the caller assume the role: some statement allows it and none denies it. What
 * cannot be decided (a condition operator that is unknown here) decides against the caller.
 */
export function admits(trustPolicy: string, request: AssumeRequest): boolean {
  const document = JSON.parse(trustPolicy) as PolicyDocument
  let allowed = false
  for (const statement of listOf(document.Statement)) {
    const deny = statement.Effect === 'Deny'
    if (!coversAction(statement) || !coversCaller(statement, request.caller)) continue
    if (!fulfils(statement, request.conditions, deny)) continue
    if (deny) return false
    allowed = true
  }
  return allowed
}

const ACTION = 'sts:assumerole'

const coversAction = ({ Action, NotAction }: Statement): boolean =>
  NotAction === undefined ? someLike(Action ?? [], ACTION) : !someLike(NotAction, ACTION)

const coversCaller = ({ Principal, NotPrincipal }: Statement, caller: AssumeRequest['caller']): boolean =>
  NotPrincipal === undefined ? names(Principal ?? {}, caller) : !names(NotPrincipal, caller)

function names(principals: Principals, caller: AssumeRequest['caller']): boolean {
  if (principals === '*') return true
  if ('service' in caller) return listOf(principals.Service ?? []).includes(caller.service)
  return listOf(principals.AWS ?? []).some((name) => isCaller(name, caller))
}

/** An account stands for everyone in it; a role stands for all its sessions. */
function isCaller(name: string, caller: Principal): boolean {
  if (name === '*' || name === caller.account || name === `arn:aws:iam::${caller.account}:root`) return true
  return name === caller.arn || name === caller.roleArn || name === caller.userId.split(':')[0]
}

function fulfils(statement: Statement, values: AssumeRequest['conditions'], whenUnknown: boolean): boolean {
  for (const [operator, tests] of Object.entries(statement.Condition ?? {})) {
    for (const [key, expected] of Object.entries(tests)) {
      if (!(test(operator, expected, values[key.toLowerCase()]) ?? whenUnknown)) return false
    }
  }
  return true
}

/** Undefined for an operator that is not known here. */
function test(operator: string, expected: Texts, value: string | undefined): boolean | undefined {
  const name = operator.replace(/IfExists$/, '')
  const compare = OPERATORS[name]
  if (compare === undefined) return undefined
  const negative = name.includes('Not')
  if (value === undefined) return negative || name !== operator
  const found = listOf(expected).some((pattern) => compare(String(pattern), value))
  return negative ? !found : found
}

type Compare = (pattern: string, value: string) => boolean

const equals: Compare = (pattern, value) => pattern === value
const equalsIgnoringCase: Compare = (pattern, value) => pattern.toLowerCase() === value.toLowerCase()

const OPERATORS: Readonly<Record<string, Compare>> = {
  StringEquals: equals,
  StringNotEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoringCase,
  StringNotEqualsIgnoreCase: equalsIgnoringCase,
  StringLike: like,
  StringNotLike: like,
  ArnEquals: like,
  ArnNotEquals: like,
  ArnLike: like,
  ArnNotLike: like,
  Bool: equalsIgnoringCase,
}

const someLike = (patterns: Texts, value: string): boolean =>
  listOf(patterns).some((pattern) => like(pattern.toLowerCase(), value))

/** `*` stands for any text, `?` for one character. Never tries more than one star at a time, so no pattern is slow. */
function like(pattern: string, value: string): boolean {
  let at = 0
  let star = -1
  let retry = 0
  for (let index = 0; index < value.length; ) {
    if (pattern[at] === '*') {
      star = at++
      retry = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === value[index])) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++retry
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
