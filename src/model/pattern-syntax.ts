import {
  anyCharacter,
  type CharacterSet,
  complement,
  digits,
  property,
  range,
  spaces,
  union,
  words,
} from './character-set.ts'

/** A regular expression taken apart. */
export type Node =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'edge'; readonly edge: 'start' | 'end' | 'word' | 'not-word' }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negative: boolean; readonly of: Node }

const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27, '0': 0 }

/** Parses the part of Java's regular expressions that the published patterns use. Throws on anything else. */
export function parsePattern(pattern: string): Node {
  const text = Array.from(pattern)
  let at = 0

  const fail = (what: string): never => {
    throw new Error(`Pattern ${pattern}: ${what} at ${at}.`)
  }
  const ahead = (literal: string): boolean => text.slice(at, at + literal.length).join('') === literal
  const take = (literal: string): boolean => {
    if (!ahead(literal)) return false
    at += literal.length
    return true
  }

  function choice(): Node {
    const options = [sequence()]
    while (take('|')) options.push(sequence())
    return options.length === 1 ? (options[0] as Node) : { kind: 'choice', options }
  }

  function sequence(): Node {
    const parts: Node[] = []
    while (at < text.length && !ahead('|') && !ahead(')')) parts.push(repeated(atom()))
    return { kind: 'sequence', parts }
  }

  function repeated(of: Node): Node {
    let node = of
    for (;;) {
      const counts = quantifier()
      if (counts === undefined) return node
      // Lazy or possessive makes no difference to whether the whole value matches, as the patterns use them.
      if (!take('?')) take('+')
      node = { kind: 'repeat', of: node, min: counts[0], max: counts[1] }
    }
  }

  function quantifier(): readonly [number, number] | undefined {
    if (take('*')) return [0, Number.POSITIVE_INFINITY]
    if (take('+')) return [1, Number.POSITIVE_INFINITY]
    if (take('?')) return [0, 1]
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(text.slice(at, at + 16).join(''))
    if (match === null) return undefined
    at += match[0].length
    const min = Number(match[1])
    if (match[2] === undefined) return [min, min]
    return [min, match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])]
  }

  function atom(): Node {
    if (take('(?:')) return closed(choice())
    for (const [opening, look] of LOOKS) {
      if (take(opening)) return { kind: 'look', ...look, of: closed(choice()) }
    }
    if (ahead('(?')) return fail('a group of an unknown kind')
    if (take('(')) return closed(choice())
    if (take('^')) return { kind: 'edge', edge: 'start' }
    if (take('$')) return { kind: 'edge', edge: 'end' }
    if (take('.')) return { kind: 'set', set: anyCharacter }
    if (take('[')) return { kind: 'set', set: characterClass() }
    if (take('\\')) return escaped()
    if (ahead('*') || ahead('+') || ahead('?')) return fail('nothing to repeat')
    return { kind: 'set', set: single(next().codePointAt(0) as number) }
  }

  function closed(node: Node): Node {
    return take(')') ? node : fail('a group that does not end')
  }

  const next = (): string => text[at++] ?? fail('an unexpected end')

  function escaped(): Node {
    if (take('A')) return { kind: 'edge', edge: 'start' }
    if (take('z') || take('Z')) return { kind: 'edge', edge: 'end' }
    if (take('b')) return { kind: 'edge', edge: 'word' }
    if (take('B')) return { kind: 'edge', edge: 'not-word' }
    const what = escapeSequence()
    return { kind: 'set', set: typeof what === 'number' ? single(what) : what }
  }

  /** What follows a backslash: one code point, or a predefined set. */
  function escapeSequence(): number | CharacterSet {
    const character = next()
    const known = CLASSES[character]
    if (known !== undefined) return known
    if (character === 'p' || character === 'P') {
      const match = /^\{(\w+)\}/.exec(text.slice(at, at + 32).join(''))
      if (match === null) return fail('a property without a name')
      at += match[0].length
      const set = property(match[1] as string)
      return character === 'P' ? complement(set) : set
    }
    if (character === 'u' || character === 'x') return hexadecimal(character === 'u' ? 4 : 2)
    const control = CONTROL[character]
    if (control !== undefined) return control
    if (/[A-Za-z0-9]/.test(character)) return fail(`the unknown escape \\${character}`)
    return character.codePointAt(0) as number
  }

  function hexadecimal(length: number): number {
    const high = hexadecimalUnit(length)
    // Java joins two escaped halves of a surrogate pair.
    if (high < 0xd800 || high > 0xdbff || !ahead('\\u')) return high
    at += 2
    return 0x10000 + (high - 0xd800) * 0x400 + (hexadecimalUnit(length) - 0xdc00)
  }

  function hexadecimalUnit(length: number): number {
    const digitsText = text.slice(at, at + length).join('')
    if (!/^[0-9A-Fa-f]+$/.test(digitsText) || digitsText.length !== length) return fail('a broken escape')
    at += length
    return Number.parseInt(digitsText, 16)
  }

  function characterClass(): CharacterSet {
    const negative = take('^')
    const sets: CharacterSet[] = []
    // A bracket that opens the list would be a member of it; none of the published patterns has one.
    while (!take(']')) {
      const from = classMember()
      const isRange = typeof from === 'number' && ahead('-') && text[at + 1] !== ']' && text[at + 1] !== undefined
      if (!isRange) {
        sets.push(typeof from === 'number' ? single(from) : from)
        continue
      }
      at++
      const to = classMember()
      // As in `[\w-.]`, where what follows the hyphen is no end of a range.
      if (typeof to !== 'number') sets.push(single(from), single(0x2d), to)
      else if (to < from) fail('a range out of order')
      else sets.push(range(from, to))
    }
    const set = sets.length === 0 ? fail('an empty class') : union(sets)
    return negative ? complement(set) : set
  }

  function classMember(): number | CharacterSet {
    if (ahead('[') || ahead('&&')) return fail('a nested class')
    return take('\\') ? escapeSequence() : (next().codePointAt(0) as number)
  }

  const node = choice()
  return at === text.length ? node : fail('an unbalanced parenthesis')
}

const single = (codePoint: number): CharacterSet => range(codePoint, codePoint)

const CLASSES: Readonly<Record<string, CharacterSet>> = {
  d: digits,
  D: complement(digits),
  s: spaces,
  S: complement(spaces),
  w: words,
  W: complement(words),
}

const LOOKS = [
  ['(?=', { ahead: true, negative: false }],
  ['(?!', { ahead: true, negative: true }],
  ['(?<=', { ahead: false, negative: false }],
  ['(?<!', { ahead: false, negative: true }],
] as const
