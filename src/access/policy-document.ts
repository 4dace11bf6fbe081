/** A policy document after `checkPolicyDocument` found nothing wrong with it. */
export interface PolicyDocument {
  readonly Version?: string
  readonly Id?: string
  readonly Statement: Statement | readonly Statement[]
}

export interface Statement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: Principals
  readonly NotPrincipal?: Principals
  readonly Action?: Texts
  readonly NotAction?: Texts
  readonly Resource?: Texts
  readonly NotResource?: Texts
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Texts>>>>
}

export type Texts = string | readonly string[]
export type Principals = '*' | Readonly<Partial<Record<PrincipalType, Texts>>>
type PrincipalType = 'AWS' | 'Service' | 'Federated' | 'CanonicalUser'

export const listOf = <Value>(value: Value | readonly Value[]): readonly Value[] =>
  Array.isArray(value) ? (value as readonly Value[]) : [value as Value]

/** Characters of a document that count against a quota: white space does not. */
export const documentSize = (text: string): number => text.replace(/\s/g, '').length

const SYNTAX = 'Syntax errors in policy.'
const STATEMENT_MEMBERS = new Set(
  'Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(' '),
)

/**
 * Says in IAM's words what is wrong with a document, or undefined when nothing is. `identity`: a policy of a user or
 * role, which names resources and no principal; `trust`: the policy of a role on who may assume it.
 */
export function checkPolicyDocument(text: string, kind: 'identity' | 'trust'): string | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return kind === 'trust' ? 'This policy contains invalid Json' : SYNTAX
  }
  if (!isObject(document)) return kind === 'trust' ? 'This policy contains invalid Json' : SYNTAX
  if (Object.keys(document).some((name) => name !== 'Version' && name !== 'Id' && name !== 'Statement')) return SYNTAX
  const versions = kind === 'trust' ? ['2012-10-17', '2008-10-17', undefined] : ['2012-10-17']
  if (!versions.includes(document.Version as string)) return 'Policy document must be version 2012-10-17 or greater.'
  if (document.Id !== undefined && typeof document.Id !== 'string') return SYNTAX
  const statements = listOf(document.Statement)
  if (statements.length === 0) return SYNTAX
  const sids = new Set<string>()
  for (const statement of statements) {
    const fault = checkStatement(statement, kind)
    if (fault !== undefined) return fault
    const { Sid: sid = '' } = statement as Statement
    if (sid !== '' && sids.has(sid)) return 'Statement IDs (SID) in a single policy must be unique.'
    sids.add(sid)
  }
  return undefined
}

function checkStatement(statement: unknown, kind: 'identity' | 'trust'): string | undefined {
  if (!isObject(statement) || Object.keys(statement).some((name) => !STATEMENT_MEMBERS.has(name))) return SYNTAX
  const { Sid, Effect, Condition } = statement
  if (Sid !== undefined && (typeof Sid !== 'string' || !/^[0-9A-Za-z]*$/.test(Sid))) {
    return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
  }
  if (Effect === undefined) return 'Missing required field Effect cannot be empty!'
  if (Effect !== 'Allow' && Effect !== 'Deny') return `Invalid effect: ${String(Effect).slice(0, 64)}`
  const who = kind === 'trust' ? checkTrustMembers(statement) : checkIdentityMembers(statement)
  return checkActions(statement, kind) ?? who ?? checkConditions(Condition)
}

function checkActions(statement: Record<string, unknown>, kind: 'identity' | 'trust'): string | undefined {
  const actions = oneOf(statement.Action, statement.NotAction)
  if (actions === 'both') return SYNTAX
  if (actions === undefined || actions.length === 0) {
    return kind === 'trust' ? 'Missing required field Action' : 'Policy statement must contain actions.'
  }
  for (const action of actions) {
    if (typeof action !== 'string') return SYNTAX
    if (kind === 'trust' && !/^sts:/i.test(action)) return 'AssumeRole policy may only specify STS AssumeRole actions.'
    if (action === '*') continue
    if (!action.includes(':')) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
    if (!/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) return 'The policy failed legacy parsing'
  }
  return undefined
}

function checkIdentityMembers(statement: Record<string, unknown>): string | undefined {
  if (statement.Principal !== undefined || statement.NotPrincipal !== undefined) {
    return 'Policy document should not specify a principal.'
  }
  const resources = oneOf(statement.Resource, statement.NotResource)
  if (resources === 'both') return SYNTAX
  if (resources === undefined || resources.length === 0) return 'Policy statement must contain resources.'
  for (const resource of resources) {
    if (typeof resource !== 'string') return SYNTAX
    if (resource !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:./.test(resource)) {
      return `Resource ${resource} must be in ARN format or "*".`
    }
  }
  return undefined
}

function checkTrustMembers(statement: Record<string, unknown>): string | undefined {
  if (statement.Resource !== undefined || statement.NotResource !== undefined) return 'Has prohibited field Resource'
  const principals = statement.Principal ?? statement.NotPrincipal
  if (statement.Principal !== undefined && statement.NotPrincipal !== undefined) return SYNTAX
  if (principals === undefined) return 'Missing required field Principal cannot be empty!'
  if (principals === '*') return undefined
  if (!isObject(principals) || Object.keys(principals).length === 0) return SYNTAX
  for (const [type, value] of Object.entries(principals)) {
    const names = listOf(value as Texts)
    if (names.length === 0) return 'Missing required field Principal cannot be empty!'
    for (const name of names) {
      if (typeof name !== 'string') return SYNTAX
      if (!isPrincipal(type, name)) return `Invalid principal in policy: "${type.toUpperCase()}":"${name}"`
    }
  }
  return undefined
}

const AWS_PRINCIPAL =
  /^(?:\*|\d{12}|A(?:ROA|IDA)[A-Z0-9]{12,}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:(?:root|(?:user|role|assumed-role|federated-user)\/.+))$/

function isPrincipal(type: string, name: string): boolean {
  if (type === 'AWS') return AWS_PRINCIPAL.test(name)
  if (type === 'Service') return /^[a-z0-9.-]+\.(?:amazonaws\.com|amazon\.com|aws\.internal)(?:\.cn)?$/.test(name)
  return (type === 'Federated' || type === 'CanonicalUser') && name !== ''
}

function checkConditions(conditions: unknown): string | undefined {
  if (conditions === undefined) return undefined
  if (!isObject(conditions)) return SYNTAX
  for (const tests of Object.values(conditions)) {
    if (!isObject(tests)) return SYNTAX
    for (const value of Object.values(tests).flatMap((values) => listOf(values))) {
      if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') return SYNTAX
    }
  }
  return undefined
}

/** The list that one of two members holds, `both` when both are there. */
function oneOf(member: unknown, opposite: unknown): readonly unknown[] | 'both' | undefined {
  if (member !== undefined && opposite !== undefined) return 'both'
  const value = member ?? opposite
  return value === undefined ? undefined : listOf(value)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
