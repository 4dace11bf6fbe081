import { FilterFault } from './filter-fault.ts'

/**
 * Compiles a pattern in which a star stands for any text; a backslash takes a star or a backslash for itself. Matching takes
 * time in proportion to the text times the parts between stars, whatever the pattern.
 * @throws FilterFault
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const parts = split(pattern)
  const [first = '', ...others] = parts
  const last = others.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    const end = text.length - last.length
    for (const part of others) {
      const found = text.indexOf(part, at)
      if (found < 0 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}

function split(pattern: string): string[] {
  const parts = ['']
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string
    if (letter === '*') {
      if (pattern[at + 1] === '*') throw new FilterFault('Consecutive wildcard characters are not allowed')
      parts.push('')
    } else if (letter === '\\') {
      const escaped = pattern[++at]
      if (escaped !== '*' && escaped !== '\\') throw new FilterFault('Invalid escape character in wildcard')
      parts[parts.length - 1] += escaped
    } else parts[parts.length - 1] += letter
  }
  return parts
}
