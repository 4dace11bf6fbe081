import { type JsonArray, type JsonNode, type JsonObject, type JsonScalar, parseJsonTree } from './json-tree.ts'

/** A policy document whose shape is right; what its texts say is another matter. */
export interface ReadPolicy {
  readonly version: string | undefined
  readonly statements: readonly ReadStatement[]
}

/** One of `Action` and `NotAction`, `Resource` and `NotResource`. */
export interface ReadList {
  readonly not: boolean
  readonly items: readonly JsonScalar[]
}

export interface ReadPrincipals {
  readonly not: boolean
  readonly named: '*' | ReadonlyMap<string, readonly JsonScalar[]>
  readonly node: JsonNode
}

export interface ReadCondition {
  readonly operator: string
  readonly operatorAt: number
  readonly key: string
  readonly keyAt: number
  readonly values: readonly JsonScalar[]
}

export interface ReadStatement {
  readonly node: JsonObject
  readonly sid: JsonScalar | undefined
  readonly allows: boolean
  readonly actions: ReadList | undefined
  readonly resources: ReadList | undefined
  readonly principals: ReadPrincipals | undefined
  readonly conditions: readonly ReadCondition[]
}

/** What is wrong with a document's shape, and where. `subject` is the member or value it is about. */
export class ShapeFault extends Error {
  readonly code: 'json' | 'syntax' | 'member' | 'no-statement' | 'empty-statement' | 'no-effect' | 'effect'
  readonly offset: number
  readonly subject: string
  constructor(code: ShapeFault['code'], offset: number, subject = '') {
    super(code)
    this.code = code
    this.offset = offset
    this.subject = subject
  }
}

const DOCUMENT_MEMBERS = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_MEMBERS = new Set(
  'Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(' '),
)

/** @throws ShapeFault */
export function readPolicy(text: string): ReadPolicy {
  const root = parseJsonTree(text)
  if (root.kind === 'fault') throw new ShapeFault('json', root.offset)
  if (root.kind !== 'object') throw new ShapeFault('json', root.start)
  requireMembers(root, DOCUMENT_MEMBERS)
  const version = root.members.get('Version')
  const id = root.members.get('Id')
  for (const node of [version, id]) if (node !== undefined) requireText(node)
  const statement = root.members.get('Statement')
  if (statement === undefined) throw new ShapeFault('no-statement', root.start)
  const nodes = statement.kind === 'array' ? statement.items : [statement]
  if (nodes.length === 0) throw new ShapeFault('empty-statement', statement.start)
  return {
    version: version === undefined ? undefined : requireText(version).text,
    statements: nodes.map(readStatement),
  }
}

function readStatement(node: JsonNode): ReadStatement {
  if (node.kind !== 'object') throw new ShapeFault('syntax', node.start)
  requireMembers(node, STATEMENT_MEMBERS)
  const { members } = node
  const sid = members.get('Sid')
  const effect = members.get('Effect')
  if (effect === undefined) throw new ShapeFault('no-effect', node.start)
  const word = requireText(effect).text
  if (word !== 'Allow' && word !== 'Deny') throw new ShapeFault('effect', effect.start, word)
  return {
    node,
    sid: sid === undefined ? undefined : requireText(sid),
    allows: word === 'Allow',
    actions: readEither(node, 'Action', readTexts),
    resources: readEither(node, 'Resource', readTexts),
    principals: readEither(node, 'Principal', readPrincipals),
    conditions: readConditions(members.get('Condition')),
  }
}

/** Reads a member or its opposite; a statement has one of them. */
function readEither<Result>(
  { members, names }: JsonObject,
  name: string,
  read: (node: JsonNode, not: boolean) => Result,
): Result | undefined {
  const node = members.get(name)
  const opposite = members.get(`Not${name}`)
  if (node !== undefined && opposite !== undefined) throw new ShapeFault('syntax', names.get(`Not${name}`)!)
  if (node !== undefined) return read(node, false)
  return opposite === undefined ? undefined : read(opposite, true)
}

const readTexts = (node: JsonNode, not: boolean): ReadList => ({ not, items: itemsOf(node).map(requireText) })

function readPrincipals(node: JsonNode, not: boolean): ReadPrincipals {
  if (node.kind === 'string' && node.text === '*') return { not, named: '*', node }
  if (node.kind !== 'object' || node.members.size === 0) throw new ShapeFault('syntax', node.start)
  const named = new Map<string, readonly JsonScalar[]>()
  for (const [type, names] of node.members) named.set(type, itemsOf(names).map(requireText))
  return { not, named, node }
}

function readConditions(node: JsonNode | undefined): ReadCondition[] {
  if (node === undefined) return []
  if (node.kind !== 'object') throw new ShapeFault('syntax', node.start)
  const conditions: ReadCondition[] = []
  for (const [operator, keys] of node.members) {
    if (keys.kind !== 'object') throw new ShapeFault('syntax', keys.start)
    for (const [key, values] of keys.members) {
      conditions.push({
        operator,
        operatorAt: node.names.get(operator)!,
        key,
        keyAt: keys.names.get(key)!,
        values: itemsOf(values).map(requireScalar),
      })
    }
  }
  return conditions
}

const itemsOf = (node: JsonNode): readonly JsonNode[] => (node.kind === 'array' ? (node as JsonArray).items : [node])

function requireMembers(node: JsonObject, allowed: ReadonlySet<string>): void {
  for (const [name, at] of node.names) if (!allowed.has(name)) throw new ShapeFault('member', at, name)
}

function requireText(node: JsonNode): JsonScalar {
  if (node.kind !== 'string') throw new ShapeFault('syntax', node.start)
  return node
}

function requireScalar(node: JsonNode): JsonScalar {
  if (node.kind === 'object' || node.kind === 'array' || node.kind === 'null') {
    throw new ShapeFault('syntax', node.start)
  }
  return node
}
