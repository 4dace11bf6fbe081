import { ANY, ANY_IN_FIELD, ONE, type Token } from './pattern.ts'

interface TokenOptions {
  /** Whether `${…}` are policy variables: in documents of version 2012-10-17. */
  readonly variables: boolean
  /** Whether `*` and `?` stand for other characters. */
  readonly wildcards: boolean
}

/** Takes a value of a policy apart. What only looks like a variable (`${`, `${}`) stands for itself. */
export function tokenize(text: string, { variables, wildcards }: TokenOptions): Token[] {
  const tokens: Token[] = []
  let literal = ''
  const push = (token: Token) => {
    if (literal !== '') tokens.push(literal)
    literal = ''
    tokens.push(token)
  }
  // Behind the last brace nothing can be a variable, however many begin.
  const lastBrace = variables ? text.lastIndexOf('}') : -1
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    if (wildcards && character === '*') push(ANY)
    else if (wildcards && character === '?') push(ONE)
    else if (character === '$' && text[at + 1] === '{' && at + 1 < lastBrace) {
      const end = text.indexOf('}', at + 2)
      const inside = text.slice(at + 2, end)
      if (inside === '') literal += character
      else {
        if (inside === '*' || inside === '?' || inside === '$') literal += inside
        else push(toVariable(inside))
        at = end
      }
    } else literal += character
  }
  if (literal !== '') tokens.push(literal)
  return tokens
}

const DEFAULT = /^([^,]*),\s*'(.*)'\s*$/s

function toVariable(inside: string): Token {
  const match = DEFAULT.exec(inside)
  return match === null
    ? { key: inside.trim().toLowerCase(), otherwise: undefined }
    : { key: match[1]!.trim().toLowerCase(), otherwise: match[2]! }
}

const FIELDS = 6

/**
 * The tokens of a Resource. As IAM documents it, missing fields at the end of an ARN stand for any; a star at the end
 * of a field reaches across the colons behind it, one inside any of the first five fields does not.
 */
export function tokenizeResource(text: string, variables: boolean): Token[] {
  const tokens = tokenize(text, { variables, wildcards: true })
  let field = 1
  const limited = tokens.map((token, index): Token => {
    if (typeof token === 'string') field += token.split(':').length - 1
    if (token !== ANY || field >= FIELDS) return token
    const next = tokens[index + 1]
    return next === undefined || (typeof next === 'string' && next.startsWith(':')) ? ANY : ANY_IN_FIELD
  })
  if (field < FIELDS && tokens.at(-1) !== ANY) limited.push(':', ANY)
  return limited
}

/** The tokens of each of the six fields of an ARN's pattern; undefined when it has fewer and is not just `*`. */
export function tokenizeArnFields(text: string, variables: boolean): Token[][] | undefined {
  const fields: Token[][] = [[]]
  for (const token of tokenize(text, { variables, wildcards: true })) {
    if (typeof token !== 'string') {
      fields.at(-1)!.push(token)
      continue
    }
    const parts = token.split(':')
    for (const [index, part] of parts.entries()) {
      if (index > 0) {
        if (fields.length < FIELDS) fields.push([])
        else fields.at(-1)!.push(':')
      }
      if (part !== '') fields.at(-1)!.push(part)
    }
  }
  return fields.length === FIELDS ? fields : undefined
}
