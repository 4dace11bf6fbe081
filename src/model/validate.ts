import { compilePattern, type Pattern } from './pattern.ts'
import type { Member, Shape } from './service-description.ts'
import { showValue } from './show-value.ts'

/** How a service words its findings. */
export interface Wording {
  /** Lambda adds to the constraints of a list's elements that they must not be null. */
  readonly elementsNotNull: boolean
}

/** A request with more faults than this is told of so many: the answer must not grow with the request. */
const MAX_VIOLATIONS = 100

/**
 * Checks an input against its shape: required members, lengths, ranges, patterns, enums. Returns the sentence AWS answers
 * with, or undefined when there is nothing to say. The order is that of the published shape, whatever the request's.
 */
export function validationMessage(shape: Shape, input: unknown, wording: Wording): string | undefined {
  const found: string[] = []
  checkStructure(shape, input as Record<string, unknown>, '', { found, wording })
  if (found.length === 0) return undefined
  return `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`
}

interface Check {
  readonly found: string[]
  readonly wording: Wording
}

function checkStructure(shape: Shape, value: Record<string, unknown>, path: string, check: Check): void {
  for (const member of shape.members) {
    if (check.found.length >= MAX_VIOLATIONS) return
    const name = lowerFirst(member.name)
    const at = path === '' ? name : `${path}.${name}`
    const entry = value[member.name]
    if (entry !== undefined && entry !== null) checkValue(member, entry, at, check)
    else if (member.required)
      check.found.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`)
  }
}

function checkValue(member: Member, value: unknown, path: string, check: Check): void {
  const { shape } = member
  if (member.streaming) return
  for (const constraint of broken(shape, value)) add(check, shape, value, path, constraint)
  switch (shape.type) {
    case 'structure':
      checkStructure(shape, value as Record<string, unknown>, path, check)
      break
    case 'list':
      checkList(shape, value as readonly unknown[], path, check)
      break
    case 'map':
      checkMap(shape, value as Readonly<Record<string, unknown>>, path, check)
      break
    default:
  }
}

function checkList(shape: Shape, list: readonly unknown[], path: string, check: Check): void {
  const element = shape.element as Member
  const composite = isComposite(element.shape)
  for (const [index, entry] of list.entries()) {
    if (check.found.length >= MAX_VIOLATIONS) return
    const at = `${path}.${index + 1}.member`
    if (entry === null || entry === undefined) {
      check.found.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`)
    } else if (composite) checkValue(element, entry, at, check)
    else if (broken(element.shape, entry).length > 0) {
      // Scalar elements are not told apart: the whole list is shown, with all that its elements must satisfy.
      const all = constraintsOf(element.shape)
      if (check.wording.elementsNotNull) all.push('Member must not be null')
      add(check, hiddenIf(element.shape, shape), list, path, `Member must satisfy constraint: [${all.join(', ')}]`)
      return
    }
  }
}

function checkMap(shape: Shape, map: Readonly<Record<string, unknown>>, path: string, check: Check): void {
  const key = (shape.key as Member).shape
  const value = shape.value as Member
  const entries = Object.entries(map)
  if (entries.some(([name]) => broken(key, name).length > 0)) {
    add(check, hiddenIf(key, shape), map, path, `Map keys must satisfy constraint: [${constraintsOf(key).join(', ')}]`)
  }
  if (isComposite(value.shape)) {
    for (const [name, entry] of entries) checkValue(value, entry, `${path}.${name.slice(0, 256)}.member`, check)
  } else if (entries.some(([, entry]) => broken(value.shape, entry).length > 0)) {
    const all = constraintsOf(value.shape).join(', ')
    add(check, hiddenIf(value.shape, shape), map, path, `Map value must satisfy constraint: [${all}]`)
  }
}

const isComposite = (shape: Shape): boolean =>
  shape.type === 'structure' || shape.type === 'list' || shape.type === 'map'

// A container is hidden as a whole when what it holds is.
const hiddenIf = (inner: Shape, outer: Shape): Shape => (inner.sensitive ? inner : outer)

function add(check: Check, shape: Shape, value: unknown, path: string, constraint: string): void {
  if (check.found.length >= MAX_VIOLATIONS) return
  const shown = shape.sensitive ? 'Value' : `Value '${showValue(value)}'`
  check.found.push(`${shown} at '${path}' failed to satisfy constraint: ${constraint}`)
}

/** The constraints that a value breaks. A pattern is only tried on a value that is not too long. */
function broken(shape: Shape, value: unknown): string[] {
  const size = shape.min === undefined && shape.max === undefined ? 0 : sizeOf(shape, value)
  const tooLarge = shape.max !== undefined && size > shape.max
  const found: string[] = []
  if (tooLarge) found.push(atMost(shape))
  // Not `size < min`: NaN, which JSON requests may carry as a text, is never enough.
  if (shape.min !== undefined && !(size >= shape.min)) found.push(atLeast(shape))
  if (shape.pattern !== undefined && !tooLarge && !patternOf(shape.pattern).matches(value as string))
    found.push(inPattern(shape))
  if (shape.enum !== undefined && !shape.enum.has(value as string)) found.push(inEnum(shape))
  return found
}

/** All that a shape's values must satisfy, in the services' order. */
function constraintsOf(shape: Shape): string[] {
  return [
    ...(shape.max === undefined ? [] : [atMost(shape)]),
    ...(shape.min === undefined ? [] : [atLeast(shape)]),
    ...(shape.pattern === undefined ? [] : [inPattern(shape)]),
    ...(shape.enum === undefined ? [] : [inEnum(shape)]),
  ]
}

const measure = (shape: Shape): string =>
  ['integer', 'long', 'float', 'double'].includes(shape.type) ? 'value' : 'length'
const atMost = (shape: Shape): string => `Member must have ${measure(shape)} less than or equal to ${shape.max}`
const atLeast = (shape: Shape): string => `Member must have ${measure(shape)} greater than or equal to ${shape.min}`
const inPattern = (shape: Shape): string => `Member must satisfy regular expression pattern: ${shape.pattern}`
const inEnum = (shape: Shape): string => `Member must satisfy enum value set: [${[...(shape.enum ?? [])].join(', ')}]`

/** What a constraint on size counts: characters, bytes, elements, entries, or the number itself. */
function sizeOf(shape: Shape, value: unknown): number {
  switch (shape.type) {
    case 'string':
    case 'character':
      return countCharacters(value as string)
    case 'blob':
      return (value as Uint8Array).byteLength
    case 'list':
      return (value as readonly unknown[]).length
    case 'map':
      return Object.keys(value as object).length
    default:
      return value as number
  }
}

// Surrogate pairs are one character.
function countCharacters(text: string): number {
  let count = text.length
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--
  }
  return count
}

const patterns = new Map<string, Pattern>()

function patternOf(source: string): Pattern {
  let pattern = patterns.get(source)
  if (pattern === undefined) {
    pattern = compilePattern(source)
    patterns.set(source, pattern)
  }
  return pattern
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
