import { type ContextValues, singleValue } from './context-values.ts'
import { follow, type Gap, HOLE } from './places.ts'

/** Whether a text matches: `unknown` when a policy variable of the pattern has no value in this request. */
export const NO = 0
export const YES = 1
export const UNKNOWN = 2
export type Match = typeof NO | typeof YES | typeof UNKNOWN

/** What a pattern is made of. */
export type Token =
  | string
  /** `*`: any text; `*` inside a field of an ARN: any text without a colon; `?`: any one character. */
  | typeof ANY
  | typeof ANY_IN_FIELD
  | typeof ONE
  | Variable
export const ANY = Symbol('*')
export const ANY_IN_FIELD = Symbol('*:')
export const ONE = Symbol('?')

/** A policy variable: `${aws:username}`, `${aws:username, 'nobody'}`. The key is in lower case. */
export interface Variable {
  readonly key: string
  readonly otherwise: string | undefined
}

/** A pattern ready for matching. Most patterns are `*`, a literal or a literal with one `*` behind it. */
export type Pattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'glob'; readonly segments: readonly Segment[]; readonly minimum: number }
  /** `loose` matches whatever the pattern does, and more: its stars cross colons. */
  | { readonly kind: 'fields'; readonly loose: Pattern; readonly steps: readonly Step[] }
  /** Whatever the variables hold, a text that matches begins with `start`. */
  | {
      readonly kind: 'template'
      readonly tokens: readonly Token[]
      readonly start: string
      readonly ignoreCase: boolean
    }

/** A token, or the code of one character of a literal. */
type Step = Exclude<Token, string | Variable> | number

/** Text between two stars; `holes` are the places of its question marks. */
interface Segment {
  readonly text: string
  readonly holes: readonly number[]
}

export function compilePattern(tokens: readonly Token[], ignoreCase = false): Pattern {
  const fixed = joinLiterals(ignoreCase ? tokens.map(toLowerCase) : tokens)
  if (fixed.some((token) => typeof token === 'object')) {
    return { kind: 'template', tokens: fixed, start: typeof fixed[0] === 'string' ? fixed[0] : '', ignoreCase }
  }
  if (fixed.length === 0) return { kind: 'literal', text: '' }
  const [first, second] = fixed
  if (fixed.length === 1 && first === ANY) return { kind: 'any' }
  if (fixed.length === 1 && typeof first === 'string') return { kind: 'literal', text: first }
  if (fixed.length === 2 && typeof first === 'string' && second === ANY) return { kind: 'prefix', text: first }
  if (fixed.includes(ANY_IN_FIELD)) {
    const loose = compilePattern(fixed.map((token) => (token === ANY_IN_FIELD ? ANY : token)))
    return { kind: 'fields', loose, steps: fixed.flatMap(toSteps) }
  }
  return compileGlob(fixed)
}

const toLowerCase = (token: Token): Token => (typeof token === 'string' ? token.toLowerCase() : token)

const toSteps = (token: Token): Step[] =>
  typeof token === 'string'
    ? Array.from({ length: token.length }, (_, index) => token.charCodeAt(index))
    : [token as Step]

/** Joins what stands side by side: literals, and stars, of which two say no more than one. */
function joinLiterals(tokens: readonly Token[]): Token[] {
  const joined: Token[] = []
  for (const token of tokens) {
    const last = joined.at(-1)
    if (token === '') continue
    if (typeof token === 'string' && typeof last === 'string') joined[joined.length - 1] = last + token
    else if (token === ANY && (last === ANY || last === ANY_IN_FIELD)) joined[joined.length - 1] = ANY
    else if (token === ANY_IN_FIELD && (last === ANY || last === ANY_IN_FIELD)) continue
    else joined.push(token)
  }
  return joined
}

function compileGlob(tokens: readonly Token[]): Pattern {
  const segments: { text: string; holes: number[] }[] = [{ text: '', holes: [] }]
  for (const token of tokens) {
    const segment = segments.at(-1)!
    if (token === ANY) segments.push({ text: '', holes: [] })
    else if (token === ONE) {
      segment.holes.push(segment.text.length)
      segment.text += '?'
    } else segment.text += token as string
  }
  return { kind: 'glob', segments, minimum: segments.reduce((sum, { text }) => sum + text.length, 0) }
}

/** A pattern that ignores case expects its text in lower case. */
export function matchPattern(pattern: Pattern, text: string, context: ContextValues): Match {
  switch (pattern.kind) {
    case 'any':
      return YES
    case 'literal':
      return pattern.text === text ? YES : NO
    case 'prefix':
      return text.startsWith(pattern.text) ? YES : NO
    case 'glob':
      return text.length >= pattern.minimum && matchGlob(pattern.segments, text) ? YES : NO
    case 'fields':
      return matchPattern(pattern.loose, text, context) === YES && matchFields(pattern.steps, text) ? YES : NO
    case 'template': {
      if (!text.startsWith(pattern.start)) return NO
      const tokens = fillIn(pattern.tokens, context)
      return tokens === undefined ? UNKNOWN : matchPattern(compilePattern(tokens, pattern.ignoreCase), text, context)
    }
  }
}

/** Whether any of some patterns matches; unknown when none does and one could not be told. */
export function matchAny(patterns: readonly Pattern[], text: string, context: ContextValues): Match {
  let unknown = false
  for (const pattern of patterns) {
    const match = matchPattern(pattern, text, context)
    if (match === YES) return YES
    if (match === UNKNOWN) unknown = true
  }
  return unknown ? UNKNOWN : NO
}

/** Puts values in the place of variables: their characters stand for themselves, stars and question marks too. */
function fillIn(tokens: readonly Token[], context: ContextValues): Token[] | undefined {
  const filled: Token[] = []
  for (const token of tokens) {
    if (typeof token === 'object') {
      const value = singleValue(context.get(token.key)) ?? token.otherwise
      if (value === undefined) return undefined
      filled.push(value)
    } else filled.push(token)
  }
  return filled
}

/**
 * The first segment stands at the start and the last at the end; each of the others is taken where it is found first,
 * which leaves the most room for those behind it. So nothing is ever tried again.
 */
function matchGlob(segments: readonly Segment[], text: string): boolean {
  const first = segments[0]!
  if (segments.length === 1) return text.length === first.text.length && standsAt(first, text, 0)
  const last = segments.at(-1)!
  const end = text.length - last.text.length
  if (!standsAt(first, text, 0) || !standsAt(last, text, end)) return false
  let at = first.text.length
  for (let index = 1; index < segments.length - 1; index += 1) {
    const segment = segments[index]!
    const found = find(segment, text, at, end)
    if (found < 0) return false
    at = found + segment.text.length
  }
  return at <= end
}

function standsAt({ text: expected, holes }: Segment, text: string, at: number): boolean {
  if (holes.length === 0) return text.startsWith(expected, at)
  let from = 0
  for (const hole of holes) {
    if (!sameAt(expected, text, at, from, hole)) return false
    from = hole + 1
  }
  return sameAt(expected, text, at, from, expected.length)
}

function sameAt(expected: string, text: string, at: number, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) {
    if (expected.charCodeAt(index) !== text.charCodeAt(at + index)) return false
  }
  return true
}

function find(segment: Segment, text: string, from: number, end: number): number {
  const last = end - segment.text.length
  if (segment.holes.length === 0) {
    const found = text.indexOf(segment.text, from)
    return found <= last ? found : -1
  }
  if (segment.text.length > LONG) return findLong(segment, text, from, end)
  for (let at = from; at <= last; at += 1) if (standsAt(segment, text, at)) return at
  return -1
}

/** Segments up to here are looked for at each place by itself. */
const LONG = 16

function findLong({ text: expected, holes }: Segment, text: string, from: number, end: number): number {
  const symbols = Array.from({ length: expected.length }, (_, index) => expected.charCodeAt(index))
  for (const hole of holes) symbols[hole] = HOLE
  const gaps = Array.from({ length: symbols.length + 1 }, (_, index): Gap => (index === 0 ? 'any' : 'none'))
  const behind = follow(symbols, gaps, text.slice(0, end), from, 'first')
  return behind < 0 ? -1 : behind - symbols.length
}

/** For the few patterns with a star that may not cross a colon. */
function matchFields(steps: readonly Step[], text: string): boolean {
  const symbols: number[] = []
  const gaps: Gap[] = ['none']
  for (const step of steps) {
    if (isStar(step)) {
      if (gaps[symbols.length] !== 'any') gaps[symbols.length] = step === ANY ? 'any' : 'in-field'
    } else {
      symbols.push(typeof step === 'number' ? step : HOLE)
      gaps.push('none')
    }
  }
  return follow(symbols, gaps, text, 0, 'whole') >= 0
}

const isStar = (step: Step): boolean => step === ANY || step === ANY_IN_FIELD
