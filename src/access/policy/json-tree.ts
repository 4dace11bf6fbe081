/** JSON that remembers where in the text each value stands, so that faults and statements can be shown there. */
export type JsonNode = JsonObject | JsonArray | JsonScalar

interface Span {
  /** Offset of the first character, and of the one behind the last. */
  readonly start: number
  readonly end: number
}
export interface JsonObject extends Span {
  readonly kind: 'object'
  /** A map, so that names such as `__proto__` are names like any other. */
  readonly members: ReadonlyMap<string, JsonNode>
  readonly names: ReadonlyMap<string, number>
}
export interface JsonArray extends Span {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}
export interface JsonScalar extends Span {
  readonly kind: 'string' | 'number' | 'boolean' | 'null'
  /** A string's characters; the others as they are written. */
  readonly text: string
}

/** Far deeper than a policy goes, far shallower than the stack. */
const MAX_DEPTH = 32

class JsonFault extends Error {
  readonly offset: number
  constructor(offset: number) {
    super('not JSON')
    this.offset = offset
  }
}

/**
 * Reads JSON as RFC 8259 has it. Says at which offset the text stops being JSON; a member named twice, whose meaning
 * would depend on the reader, and nesting beyond 32 levels count as faults.
 */
export function parseJsonTree(text: string): JsonNode | { readonly kind: 'fault'; readonly offset: number } {
  try {
    const [node, end] = readValue(text, skipSpace(text, 0), 0)
    const rest = skipSpace(text, end)
    return rest === text.length ? node : { kind: 'fault', offset: rest }
  } catch (error) {
    if (error instanceof JsonFault) return { kind: 'fault', offset: error.offset }
    throw error
  }
}

type Read = readonly [node: JsonNode, end: number]

function readValue(text: string, start: number, depth: number): Read {
  if (depth > MAX_DEPTH) throw new JsonFault(start)
  const first = text[start]
  if (first === '{') return readObject(text, start, depth)
  if (first === '[') return readArray(text, start, depth)
  if (first === '"') return readString(text, start)
  for (const [word, kind] of WORDS) {
    if (text.startsWith(word, start)) return scalar(kind, word, start, start + word.length)
  }
  NUMBER.lastIndex = start
  const number = NUMBER.exec(text)
  if (number === null) throw new JsonFault(start)
  return scalar('number', number[0], start, start + number[0].length)
}

const WORDS = [
  ['true', 'boolean'],
  ['false', 'boolean'],
  ['null', 'null'],
] as const
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const scalar = (kind: JsonScalar['kind'], text: string, start: number, end: number): Read => [
  { kind, text, start, end },
  end,
]

function readObject(text: string, start: number, depth: number): Read {
  const members = new Map<string, JsonNode>()
  const names = new Map<string, number>()
  let at = skipSpace(text, start + 1)
  if (text[at] === '}') return [{ kind: 'object', members, names, start, end: at + 1 }, at + 1]
  for (;;) {
    if (text[at] !== '"') throw new JsonFault(at)
    const [name, behind] = readString(text, at)
    const key = (name as JsonScalar).text
    if (members.has(key)) throw new JsonFault(at)
    names.set(key, at)
    at = skipSpace(text, behind)
    if (text[at] !== ':') throw new JsonFault(at)
    const [value, end] = readValue(text, skipSpace(text, at + 1), depth + 1)
    members.set(key, value)
    at = skipSpace(text, end)
    if (text[at] === '}') return [{ kind: 'object', members, names, start, end: at + 1 }, at + 1]
    if (text[at] !== ',') throw new JsonFault(at)
    at = skipSpace(text, at + 1)
  }
}

function readArray(text: string, start: number, depth: number): Read {
  const items: JsonNode[] = []
  let at = skipSpace(text, start + 1)
  if (text[at] === ']') return [{ kind: 'array', items, start, end: at + 1 }, at + 1]
  for (;;) {
    const [item, end] = readValue(text, at, depth + 1)
    items.push(item)
    at = skipSpace(text, end)
    if (text[at] === ']') return [{ kind: 'array', items, start, end: at + 1 }, at + 1]
    if (text[at] !== ',') throw new JsonFault(at)
    at = skipSpace(text, at + 1)
  }
}

function readString(text: string, start: number): Read {
  let escaped = false
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      const written = text.slice(start + 1, at)
      return scalar('string', escaped ? decodeEscapes(written, start) : written, start, at + 1)
    }
    if (code < 0x20) throw new JsonFault(at)
    if (code === 0x5c) {
      escaped = true
      at += 1
    }
  }
  throw new JsonFault(text.length)
}

function decodeEscapes(written: string, start: number): string {
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    throw new JsonFault(start)
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at += 1
  }
}

/** Where an offset is for a person: lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export function positionOf(text: string, offset: number): Position {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1
    lineStart = at + 1
  }
  return { line, column: offset - lineStart + 1 }
}
