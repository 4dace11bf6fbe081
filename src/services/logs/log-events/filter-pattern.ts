import { notImplemented } from '../../../wire/service-error.ts'
import { invalidParameter } from '../errors.ts'

/** Decides whether a message matches. */
export type MessageFilter = (message: string) => boolean

interface Term {
  readonly kind: 'required' | 'excluded' | 'optional'
  readonly text: string
}

/**
 * A filter pattern for text: every plain term and "quoted phrase" must occur, none behind `-` may, and of those behind
 * `?` one must. When `?` stands beside other terms it is ignored, as AWS documents. Case matters. Patterns over JSON
 * fields, columns and regular expressions are refused by name.
 * Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
 */
export function parseFilterPattern(pattern: string): MessageFilter {
  const trimmed = pattern.trim()
  if (trimmed.startsWith('{')) throw notImplemented('A filter pattern over JSON fields')
  if (trimmed.startsWith('[')) throw notImplemented('A filter pattern over space-delimited columns')
  const terms = readTerms(trimmed)
  const texts = (kind: Term['kind']) => terms.filter((term) => term.kind === kind).map((term) => term.text)
  const required = texts('required')
  const excluded = texts('excluded')
  const optional = required.length + excluded.length > 0 ? [] : texts('optional')
  return (message) =>
    required.every((text) => message.includes(text)) &&
    !excluded.some((text) => message.includes(text)) &&
    (optional.length === 0 || optional.some((text) => message.includes(text)))
}

function readTerms(pattern: string): readonly Term[] {
  const terms: Term[] = []
  const lexer = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/gy
  while (lexer.lastIndex < pattern.length) {
    const match = lexer.exec(pattern)
    if (match === null) throw invalidParameter('Invalid filter pattern')
    const [, sign, quoted, plain] = match
    const text = quoted === undefined ? plain! : quoted.replaceAll(/\\(.)/g, '$1')
    if (quoted === undefined && text.length > 1 && text.startsWith('%') && text.endsWith('%')) {
      throw notImplemented('A filter pattern with a regular expression')
    }
    terms.push({ kind: sign === '-' ? 'excluded' : sign === '?' ? 'optional' : 'required', text })
  }
  return terms
}
