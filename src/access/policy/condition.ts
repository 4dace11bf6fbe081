import type { ContextValue, ContextValues } from './context-values.ts'
import { type Match, UNKNOWN, YES } from './pattern.ts'
import { parseBoolean } from './scalar-values.ts'
import { findOperator, type ValueTest } from './value-tests.ts'

/** One key of a Condition block, ready for testing. */
export interface CompiledCondition {
  /** As written: `ForAllValues:StringLikeIfExists`. */
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
  /** In lower case, as requests are asked for it. */
  readonly lookUp: string
  readonly test: Test
}

type Test =
  /** An operator or value that means nothing here: decides against the caller, whatever the statement's effect. */
  | { readonly kind: 'undecidable' }
  | { readonly kind: 'null'; readonly wanted: readonly boolean[] }
  | {
      readonly kind: 'values'
      readonly quantifier: 'none' | 'all' | 'any'
      readonly ifExists: boolean
      readonly negated: boolean
      readonly test: ValueTest
    }

const QUANTIFIERS = [
  ['ForAllValues:', 'all'],
  ['ForAnyValue:', 'any'],
] as const

/** Takes an operator's name apart; undefined when there is none of that name. */
export function parseOperator(operator: string) {
  const prefix = QUANTIFIERS.find(([written]) => operator.startsWith(written))
  const qualified = prefix === undefined ? operator : operator.slice(prefix[0].length)
  if (qualified === 'Null') return { name: 'Null', quantifier: 'none', ifExists: false } as const
  const ifExists = qualified.endsWith('IfExists')
  const name = ifExists ? qualified.slice(0, -'IfExists'.length) : qualified
  if (findOperator(name) === undefined) return undefined
  return { name, quantifier: prefix?.[1] ?? 'none', ifExists } as const
}

/** Whether an operator's values are such as it takes. */
export const takesValues = (operator: string, values: readonly string[], variables: boolean): boolean =>
  compileTest(operator, values, variables).kind !== 'undecidable'

export const compileCondition = (
  operator: string,
  key: string,
  values: readonly string[],
  variables: boolean,
): CompiledCondition => ({
  operator,
  key,
  values,
  lookUp: key.toLowerCase(),
  test: compileTest(operator, values, variables),
})

function compileTest(operator: string, values: readonly string[], variables: boolean): Test {
  const parsed = parseOperator(operator)
  if (parsed === undefined) return { kind: 'undecidable' }
  const { name, quantifier, ifExists } = parsed
  if (name === 'Null') {
    const wanted = values.map(parseBoolean)
    return wanted.includes(undefined) ? { kind: 'undecidable' } : { kind: 'null', wanted: wanted as boolean[] }
  }
  const found = findOperator(name)!
  const test = found.compile(values, variables)
  if (test === undefined) return { kind: 'undecidable' }
  return { kind: 'values', quantifier, ifExists, negated: found.negated, test }
}

/** Whether a request fulfils a condition of a statement that allows, or of one that denies. */
export function fulfils(condition: CompiledCondition, context: ContextValues, allows: boolean): boolean {
  const { test } = condition
  if (test.kind === 'undecidable') return !allows
  const value = context.get(condition.lookUp)
  const absent = value === undefined || (typeof value !== 'string' && value.length === 0)
  if (test.kind === 'null') return test.wanted.includes(absent)
  if (test.quantifier !== 'none' && isEmptySet(value)) {
    return test.quantifier === 'all' || (absent && test.ifExists)
  }
  if (absent) return test.negated || test.ifExists
  if (typeof value === 'string') return holds(test.test(value, context), test.negated, allows)
  const each = (one: string) => holds(test.test(one, context), test.negated, allows)
  // Without a quantifier several values are one matter: any may match, and for a negated operator none.
  if (test.quantifier === 'all' || (test.quantifier === 'none' && test.negated)) return value.every(each)
  return value.some(each)
}

/** For the quantifiers a key without values, or with nothing but an empty text, is an empty set. */
const isEmptySet = (value: ContextValue | undefined): boolean =>
  value === undefined || value === '' || (typeof value !== 'string' && value.every((one) => one === ''))

/**
 * A value that hangs on a variable without a value matches nothing. Where not matching is what is asked for, that must
 * not let anyone in: the condition of a statement that allows fails, that of one that denies holds.
 */
function holds(match: Match, negated: boolean, allows: boolean): boolean {
  if (!negated) return match === YES
  return match === UNKNOWN ? !allows : match !== YES
}
