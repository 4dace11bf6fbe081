import type { PublishedAttributes } from '../publishing/publication.ts'
import { FilterFault } from './filter-fault.ts'
import { compileMatcher, type Matcher, type Scalar } from './matchers.ts'

export type FilterScope = 'MessageAttributes' | 'MessageBody'

/** What a filter looks at. */
export interface Filterable {
  readonly message: string
  readonly attributes: PublishedAttributes
}

/** Says whether a subscription takes a message. */
export type Filter = (message: Filterable) => boolean

const MAX_BYTES = 256 * 1024
const MAX_KEYS = 5
const MAX_COMBINATIONS = 150
const MAX_DEPTH = 32
/** Words that an object of `$or` has no business with: where one does, `$or` is a property's name. */
const RESERVED = ['anything-but', 'cidr', 'equals-ignore-case', 'exists', 'numeric', 'prefix', 'suffix', 'wildcard']

type Json = Scalar | readonly Json[] | { readonly [name: string]: Json }

/** A policy, or a part of it below a property: all of these must hold. */
interface Node {
  readonly leaves: ReadonlyMap<string, readonly Matcher[]>
  readonly nested: ReadonlyMap<string, Node>
  /** Of each, one must hold. */
  readonly alternatives: readonly (readonly Node[])[]
}

/**
 * Compiles a filter policy. Source: "Amazon SNS subscription filter policies" and "Filter policy constraints" (Developer
 * Guide). What is no JSON object does not pass a policy on the body.
 * @throws FilterFault with what is wrong, in the words that follow `FilterPolicy: `
 */
export function compileFilter(text: string, scope: FilterScope): Filter {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new FilterFault('it is larger than 256 KB')
  const policy = parse(text)
  if (!isObject(policy)) throw new FilterFault('failed to parse JSON. it must be a JSON object')
  const node = compile(policy, scope, 1)
  const { keys, combinations } = weigh(node, 1)
  if (keys > MAX_KEYS) throw new FilterFault(`Filter policy can not have more than ${MAX_KEYS} keys`)
  if (combinations > MAX_COMBINATIONS) throw new FilterFault('Filter policy is too complex')
  if (scope === 'MessageAttributes') return ({ attributes }) => matches(node, attributeValues(attributes))
  return ({ message }) => {
    const body = parsedBody(message)
    return isObject(body) && matches(node, body)
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new FilterFault('failed to parse JSON.')
  }
}

function parsedBody(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

function compile(policy: { readonly [name: string]: Json }, scope: FilterScope, depth: number): Node {
  if (depth > MAX_DEPTH) throw new FilterFault('it is nested too deep')
  const leaves = new Map<string, readonly Matcher[]>()
  const nested = new Map<string, Node>()
  const alternatives: Node[][] = []
  for (const [name, value] of Object.entries(policy)) {
    if (name === '$or' && isAlternatives(value)) {
      alternatives.push(value.map((one) => compile(one, scope, depth + 1)))
    } else if (Array.isArray(value)) {
      if (value.length === 0) throw new FilterFault('Empty arrays are not allowed')
      leaves.set(name, (value as readonly Json[]).map(compileMatcher))
    } else if (isObject(value)) {
      if (scope === 'MessageAttributes')
        throw new FilterFault('Filter policy scope MessageAttributes does not support nested filter policy')
      if (Object.keys(value).length === 0) throw new FilterFault('Empty objects are not allowed')
      nested.set(name, compile(value, scope, depth + 1))
    } else throw new FilterFault(`"${name.slice(0, 64)}" must be an object or an array`)
  }
  return { leaves, nested, alternatives }
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isAlternatives = (value: Json): value is readonly { readonly [name: string]: Json }[] =>
  Array.isArray(value) &&
  value.length >= 2 &&
  (value as readonly Json[]).every(
    (one) => isObject(one) && Object.keys(one).every((name) => !RESERVED.includes(name)) && Object.keys(one).length > 0,
  )

/** Keys, and the product of what each asks for: its values, times how deep it stands. Alternatives add up. */
function weigh(node: Node, depth: number): { readonly keys: number; readonly combinations: number } {
  let keys = node.leaves.size
  let combinations = 1
  for (const matchers of node.leaves.values()) combinations *= matchers.length * depth
  for (const below of node.nested.values()) {
    const weight = weigh(below, depth + 1)
    keys += weight.keys
    combinations *= weight.combinations
  }
  for (const branches of node.alternatives) {
    const weights = branches.map((branch) => weigh(branch, depth))
    keys += Math.max(...weights.map((weight) => weight.keys))
    combinations *= weights.reduce((sum, weight) => sum + weight.combinations, 0)
  }
  return { keys, combinations }
}

function matches({ leaves, nested, alternatives }: Node, object: { readonly [name: string]: Json }): boolean {
  const propertyOf = (name: string): Json | undefined => (Object.hasOwn(object, name) ? object[name] : undefined)
  for (const [name, matchers] of leaves) {
    const values = scalars(propertyOf(name))
    if (!matchers.some((matcher) => matcher(values))) return false
  }
  for (const [name, below] of nested) if (!matchesBelow(below, propertyOf(name))) return false
  return alternatives.every((branches) => branches.some((branch) => matches(branch, object)))
}

/** Of a list of objects one must have all that is asked for. */
function matchesBelow(node: Node, value: Json | undefined): boolean {
  if (Array.isArray(value)) return flattened(value).some((one) => matches(node, isObject(one) ? one : {}))
  return matches(node, isObject(value) ? value : {})
}

/** The values of a property; undefined when it is not there. Objects are no values. */
function scalars(value: Json | undefined): readonly Scalar[] | undefined {
  if (value === undefined) return undefined
  return flattened(value).filter((one): one is Scalar => !isObject(one))
}

/** What stands in lists, however deep. Publishers choose how deep: a call for each level would end with the stack. */
function flattened(value: Json): readonly Json[] {
  if (!Array.isArray(value)) return [value]
  const found: Json[] = []
  const lists: { readonly list: readonly Json[]; at: number }[] = [{ list: value, at: 0 }]
  for (let top = lists.at(-1); top !== undefined; top = lists.at(-1)) {
    const one = top.list[top.at++]
    if (one === undefined) lists.pop()
    else if (Array.isArray(one)) lists.push({ list: one, at: 0 })
    else found.push(one)
  }
  return found
}

/** Attributes as properties. Binary ones are not looked at. */
function attributeValues(attributes: PublishedAttributes): { readonly [name: string]: Json } {
  const values: [string, Json][] = []
  for (const [name, { type, value }] of Object.entries(attributes)) {
    if (type === 'String.Array') {
      const list = parsedBody(value)
      values.push([name, Array.isArray(list) ? list : value])
    } else if (type.startsWith('Number')) values.push([name, Number(value)])
    else if (type.startsWith('String')) values.push([name, value])
  }
  return Object.fromEntries(values)
}
