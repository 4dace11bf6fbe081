import type { ContextValues } from './context-values.ts'
import { inRange, parseIp, parseIpRange } from './ip-range.ts'
import { compilePattern, type Match, matchAny, matchPattern, NO, type Pattern, UNKNOWN, YES } from './pattern.ts'
import { canonicalBase64, parseBoolean, parseDate, parseNumber } from './scalar-values.ts'
import { tokenize, tokenizeArnFields } from './tokens.ts'

/** Whether one value of a request matches any of a condition's values. Negation and quantifiers are not its matter. */
export type ValueTest = (value: string, context: ContextValues) => Match

/** Makes the test of an operator from the policy's values; undefined when a value is none that the operator takes. */
type CompileTest = (values: readonly string[], variables: boolean) => ValueTest | undefined

interface Operator {
  readonly compile: CompileTest
  readonly negated: boolean
}

/** Every operator but `Null`, which asks for no value. */
export function findOperator(name: string): Operator | undefined {
  return OPERATORS.get(name)
}

/** Any of several patterns; with no variable and no wildcard, a set of texts. */
function texts(patterns: readonly Pattern[]): ValueTest {
  const literals = new Set(patterns.flatMap((pattern) => (pattern.kind === 'literal' ? [pattern.text] : [])))
  if (patterns.every((pattern) => pattern.kind === 'literal')) return (value) => (literals.has(value) ? YES : NO)
  return (value, context) => matchAny(patterns, value, context)
}

const equals: CompileTest = (values, variables) =>
  texts(values.map((value) => compilePattern(tokenize(value, { variables, wildcards: false }))))

const like: CompileTest = (values, variables) =>
  texts(values.map((value) => compilePattern(tokenize(value, { variables, wildcards: true }))))

const equalsIgnoringCase: CompileTest = (values, variables) => {
  const test = texts(values.map((value) => compilePattern(tokenize(value, { variables, wildcards: false }), true)))
  return (value, context) => test(value.toLowerCase(), context)
}

/** Compares what both sides mean; a value of the request that means nothing matches nothing. */
const compare =
  <Value>(
    parse: (text: string) => Value | undefined,
    holds: (value: Value, expected: Value) => boolean,
    parseExpected = parse,
  ): CompileTest =>
  (values) => {
    const expected: Value[] = []
    for (const text of values) {
      const value = parseExpected(text.trim())
      if (value === undefined) return undefined
      expected.push(value)
    }
    // One request asks many times for the same value.
    let lastText: string | undefined
    let lastValue: Value | undefined
    return (text) => {
      if (text !== lastText) {
        lastText = text
        lastValue = parse(text)
      }
      const value = lastValue
      return value !== undefined && expected.some((other) => holds(value, other)) ? YES : NO
    }
  }

const same = <Value>(value: Value, expected: Value): boolean => value === expected
const RELATIONS: readonly (readonly [suffix: string, holds: (value: number, expected: number) => boolean])[] = [
  ['Equals', same],
  ['NotEquals', same],
  ['LessThan', (value, expected) => value < expected],
  ['LessThanEquals', (value, expected) => value <= expected],
  ['GreaterThan', (value, expected) => value > expected],
  ['GreaterThanEquals', (value, expected) => value >= expected],
]

/** The six fields of an ARN are compared one by one, so that no star reaches across a colon. */
const arn: CompileTest = (values, variables) => {
  const tests = values.map((value) => compileArn(value, variables))
  if (tests.includes(undefined)) return undefined
  return (value, context) => {
    const fields = splitArn(value)
    if (fields === undefined) return NO
    let unknown = false
    for (const test of tests) {
      const match = test!(fields, context)
      if (match === YES) return YES
      if (match === UNKNOWN) unknown = true
    }
    return unknown ? UNKNOWN : NO
  }
}

type ArnTest = (fields: readonly string[], context: ContextValues) => Match

function compileArn(value: string, variables: boolean): ArnTest | undefined {
  if (value === '*') return () => YES
  const parts = tokenizeArnFields(value, variables)?.map((tokens) => compilePattern(tokens))
  if (parts !== undefined) return (fields, context) => matchFields(parts, fields, context)
  // A variable can hold a whole ARN: `${aws:PrincipalArn}`.
  const whole = compilePattern(tokenize(value, { variables, wildcards: true }))
  return whole.kind === 'template' ? (fields, context) => matchPattern(whole, fields.join(':'), context) : undefined
}

function matchFields(parts: readonly Pattern[], fields: readonly string[], context: ContextValues): Match {
  let unknown = false
  for (let index = 0; index < parts.length; index += 1) {
    const match = matchPattern(parts[index]!, fields[index]!, context)
    if (match === NO) return NO
    if (match === UNKNOWN) unknown = true
  }
  return unknown ? UNKNOWN : YES
}

function splitArn(text: string): readonly string[] | undefined {
  const fields = text.split(':')
  if (fields.length < 6 || fields[0] !== 'arn') return undefined
  return [...fields.slice(0, 5), fields.slice(5).join(':')]
}

const boolean: CompileTest = (values, variables) => {
  if (variables && values.some((value) => value.includes('${'))) return equalsIgnoringCase(values, variables)
  return compare(parseBoolean, same)(values, variables)
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', { compile: equals, negated: false }],
  ['StringNotEquals', { compile: equals, negated: true }],
  ['StringEqualsIgnoreCase', { compile: equalsIgnoringCase, negated: false }],
  ['StringNotEqualsIgnoreCase', { compile: equalsIgnoringCase, negated: true }],
  ['StringLike', { compile: like, negated: false }],
  ['StringNotLike', { compile: like, negated: true }],
  ...RELATIONS.flatMap(([suffix, holds]): [string, Operator][] => [
    [`Numeric${suffix}`, { compile: compare(parseNumber, holds), negated: suffix === 'NotEquals' }],
    [`Date${suffix}`, { compile: compare(parseDate, holds), negated: suffix === 'NotEquals' }],
  ]),
  ['Bool', { compile: boolean, negated: false }],
  ['BinaryEquals', { compile: compare(canonicalBase64, same), negated: false }],
  ['IpAddress', { compile: compare(parseIp, (ip, range) => inRange(range, ip), parseIpRange), negated: false }],
  ['NotIpAddress', { compile: compare(parseIp, (ip, range) => inRange(range, ip), parseIpRange), negated: true }],
  ['ArnEquals', { compile: arn, negated: false }],
  ['ArnLike', { compile: arn, negated: false }],
  ['ArnNotEquals', { compile: arn, negated: true }],
  ['ArnNotLike', { compile: arn, negated: true }],
])
