import { MathError, type Token, tokenize } from './tokens.ts'

/** A node of an expression's tree. */
export type Node =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** The id of a query, or a word that a function takes, such as REPEAT. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'negative'; readonly of: Node }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Node; readonly right: Node }

export type Operator = '+' | '-' | '*' | '/' | '%' | '^' | '<' | '<=' | '>' | '>=' | '==' | '!=' | 'and' | 'or'

/** Expressions are 2,048 characters at most; those nested deeper than this are nobody's. */
const MAX_DEPTH = 64

/** From the loosest to the tightest. */
const LEVELS: readonly Readonly<Record<string, Operator>>[] = [
  { '||': 'or', OR: 'or' },
  { '&&': 'and', AND: 'and' },
  { '<': '<', '<=': '<=', '>': '>', '>=': '>=', '==': '==', '!=': '!=' },
  { '+': '+', '-': '-' },
  { '*': '*', '/': '/', '%': '%' },
]

const parsed = new Map<string, Node>()
const REMEMBERED = 1_000

/** Reads an expression of metric math. @throws MathError */
export function parseExpression(expression: string): Node {
  const known = parsed.get(expression)
  if (known !== undefined) return known
  const node = new Parser(tokenize(expression)).whole()
  if (parsed.size >= REMEMBERED) parsed.clear()
  parsed.set(expression, node)
  return node
}

/** The names of queries that an expression uses; words that functions take are among them. */
export function namesIn(node: Node): readonly string[] {
  switch (node.kind) {
    case 'name':
      return [node.name]
    case 'list':
      return node.items.flatMap(namesIn)
    case 'call':
      return node.args.flatMap(namesIn)
    case 'negative':
      return namesIn(node.of)
    case 'binary':
      return [...namesIn(node.left), ...namesIn(node.right)]
    default:
      return []
  }
}

/** The names of the functions that an expression calls. */
export function functionsIn(node: Node): readonly string[] {
  switch (node.kind) {
    case 'list':
      return node.items.flatMap(functionsIn)
    case 'call':
      return [node.name, ...node.args.flatMap(functionsIn)]
    case 'negative':
      return functionsIn(node.of)
    case 'binary':
      return [...functionsIn(node.left), ...functionsIn(node.right)]
    default:
      return []
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Node {
    const node = this.#level(0, 0)
    if (this.#next.kind !== 'end') throw unexpected(this.#next)
    return node
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #take(symbol: string): boolean {
    if (this.#next.kind !== 'symbol' || this.#next.text !== symbol) return false
    this.#at++
    return true
  }

  #demand(symbol: string): void {
    if (!this.#take(symbol)) throw unexpected(this.#next, `'${symbol}'`)
  }

  #operator(level: number): Operator | undefined {
    const { kind, text } = this.#next
    const operators = LEVELS[level]
    if ((kind !== 'symbol' && kind !== 'name') || operators === undefined || !Object.hasOwn(operators, text))
      return undefined
    this.#at++
    return operators[text]
  }

  #level(level: number, depth: number): Node {
    if (depth > MAX_DEPTH) throw new MathError(`it is nested more than ${MAX_DEPTH} levels deep`)
    if (level === LEVELS.length) return this.#signed(depth)
    let left = this.#level(level + 1, depth)
    for (let operator = this.#operator(level); operator !== undefined; operator = this.#operator(level))
      left = { kind: 'binary', operator, left, right: this.#level(level + 1, depth) }
    return left
  }

  /** A power binds more tightly than the sign before it. */
  #signed(depth: number): Node {
    if (depth > MAX_DEPTH) throw new MathError(`it is nested more than ${MAX_DEPTH} levels deep`)
    if (this.#take('-')) return { kind: 'negative', of: this.#signed(depth + 1) }
    if (this.#take('+')) return this.#signed(depth + 1)
    const base = this.#primary(depth + 1)
    return this.#take('^') ? { kind: 'binary', operator: '^', left: base, right: this.#signed(depth + 1) } : base
  }

  #primary(depth: number): Node {
    const token = this.#next
    this.#at++
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) }
    if (token.kind === 'text') return { kind: 'text', value: token.text }
    if (token.kind === 'name') {
      if (!this.#take('(')) return { kind: 'name', name: token.text }
      return { kind: 'call', name: token.text.toUpperCase(), args: this.#items(')', depth) }
    }
    if (token.text === '(' && token.kind === 'symbol') {
      const node = this.#level(0, depth)
      this.#demand(')')
      return node
    }
    if (token.text === '[' && token.kind === 'symbol') return { kind: 'list', items: this.#items(']', depth) }
    throw unexpected(token)
  }

  #items(end: string, depth: number): Node[] {
    const items: Node[] = []
    if (this.#take(end)) return items
    do items.push(this.#level(0, depth))
    while (this.#take(','))
    this.#demand(end)
    return items
  }
}

const unexpected = ({ text }: Token, wanted?: string): MathError =>
  new MathError(`unexpected ${text}${wanted === undefined ? '' : ` instead of ${wanted}`}`)
