/** A piece of an expression. */
export interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'symbol' | 'end'
  readonly text: string
}

/** An expression of metric math cannot be read or worked out; the message is for the caller. */
export class MathError extends Error {
  override readonly name = 'MathError'
}

const TOKEN =
  /\s*(?:(?<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<symbol><=|>=|==|!=|&&|\|\||[-+*/%^()[\],<>]))/y

/** Takes an expression apart. @throws MathError */
export function tokenize(expression: string): readonly Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  let at = 0
  while (expression.slice(at).trim() !== '') {
    TOKEN.lastIndex = at
    const groups = TOKEN.exec(expression)?.groups
    if (groups === undefined) throw new MathError(`unexpected character at position ${at + 1}`)
    const { number, name, double, single, symbol } = groups
    const text = double ?? single
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (text !== undefined) tokens.push({ kind: 'text', text })
    else tokens.push({ kind: 'symbol', text: symbol as string })
    at = TOKEN.lastIndex
  }
  tokens.push({ kind: 'end', text: 'the end' })
  return tokens
}
