import { type CompiledCondition, compileCondition } from './condition.ts'
import type { ContextValues } from './context-values.ts'
import { compilePattern, matchAny, type Pattern, YES } from './pattern.ts'
import { compilePrincipals, type PrincipalNames } from './principal-names.ts'
import { type ReadStatement, readPolicy, ShapeFault } from './read-policy.ts'
import { tokenize, tokenizeResource } from './tokens.ts'

/** A policy document ready for evaluation. Immutable, and the same for everyone it is attached to: made to be cached. */
export interface CompiledPolicy {
  readonly text: string
  readonly statements: readonly CompiledStatement[]
  /** The document cannot be read. Nobody knows what it denies, so it denies everything. */
  readonly unreadable: boolean
  /** The statements about an action, which is in lower case: all that matters to most requests. */
  about(action: string): readonly CompiledStatement[]
}

export interface CompiledStatement {
  readonly index: number
  readonly sid: string | undefined
  readonly allows: boolean
  /** Offsets in the document's text. */
  readonly start: number
  readonly end: number
  /** In lower case. */
  readonly actions: readonly Pattern[]
  readonly notAction: boolean
  /** Undefined where a policy names no resources: that of the resource it is attached to. */
  readonly resources: readonly Pattern[] | undefined
  readonly notResource: boolean
  /** Undefined where a policy names no principals: that of an identity. */
  readonly principals: PrincipalNames | undefined
  readonly notPrincipal: boolean
  readonly conditions: readonly CompiledCondition[]
}

/**
 * Compiles a stored document. Never fails: documents are checked when they are put (`checkPolicy`), and one that is
 * unreadable all the same must deny, not be passed over.
 */
export function compilePolicy(text: string): CompiledPolicy {
  try {
    const { version, statements } = readPolicy(text)
    const variables = version === '2012-10-17'
    const compiled = statements.map((read, index) => compile(read, index, variables))
    return { text, statements: compiled, unreadable: false, about: byAction(compiled) }
  } catch (error) {
    if (!(error instanceof ShapeFault)) throw error
    return { text, statements: [], unreadable: true, about: () => [] }
  }
}

/** Services have some hundred actions; a caller who makes names up must not fill the memory. */
const MAX_REMEMBERED = 512

/** What a statement says of actions hangs on nothing else, so it is worked out once for each. */
function byAction(statements: readonly CompiledStatement[]): CompiledPolicy['about'] {
  const known = new Map<string, readonly CompiledStatement[]>()
  return (action) => {
    const found = known.get(action)
    if (found !== undefined) return found
    const about = statements.filter((statement) => coversAction(statement, action))
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(action, about)
    return about
  }
}

/** `action` is in lower case. */
export const coversAction = (statement: CompiledStatement, action: string): boolean =>
  (matchAny(statement.actions, action, NO_VALUES) === YES) !== statement.notAction

/** Actions have no variables in them. */
const NO_VALUES: ContextValues = { get: () => undefined }

function compile(read: ReadStatement, index: number, variables: boolean): CompiledStatement {
  const { node, sid, allows, actions, resources, principals, conditions } = read
  const named = principals?.named
  return {
    index,
    sid: sid === undefined || sid.text === '' ? undefined : sid.text,
    allows,
    start: node.start,
    end: node.end,
    actions: (actions?.items ?? []).map(({ text }) => compileAction(text)),
    notAction: actions?.not ?? false,
    resources: resources?.items.map(({ text }) => compilePattern(tokenizeResource(text, variables))),
    notResource: resources?.not ?? false,
    principals:
      named === undefined
        ? undefined
        : compilePrincipals(
            named === '*' ? '*' : new Map([...named].map(([type, names]) => [type, names.map(({ text }) => text)])),
          ),
    notPrincipal: principals?.not ?? false,
    conditions: conditions.map(({ operator, key, values }) =>
      compileCondition(
        operator,
        key,
        values.map(({ text }) => text),
        variables,
      ),
    ),
  }
}

const compileAction = (text: string): Pattern =>
  compilePattern(tokenize(text, { variables: false, wildcards: true }), true)

/** The condition keys that policies look at, as written first, each once: what a caller may have to supply. */
export function contextKeysOf(policies: Iterable<CompiledPolicy>): string[] {
  const keys = new Map<string, string>()
  const note = (key: string) => {
    if (!keys.has(key.toLowerCase())) keys.set(key.toLowerCase(), key)
  }
  const noteVariables = (patterns: readonly Pattern[] | undefined) => {
    for (const pattern of patterns ?? []) {
      if (pattern.kind !== 'template') continue
      for (const token of pattern.tokens) if (typeof token === 'object') note(token.key)
    }
  }
  for (const { statements } of policies) {
    for (const { resources, conditions } of statements) {
      noteVariables(resources)
      for (const { key, values } of conditions) {
        note(key)
        for (const value of values)
          noteVariables([compilePattern(tokenize(value, { variables: true, wildcards: true }))])
      }
    }
  }
  return [...keys.values()]
}
