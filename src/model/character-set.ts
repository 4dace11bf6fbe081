/** A set of code points, as a character class of a pattern describes it. */
export interface CharacterSet {
  /** One byte for each of the first 128 code points: 1 when it is in the set. */
  readonly ascii: Uint8Array
  /** Whether a code point from 128 on is in the set. */
  readonly wide: (codePoint: number) => boolean
}

export const contains = (set: CharacterSet, codePoint: number): boolean =>
  codePoint < 128 ? set.ascii[codePoint] === 1 : set.wide(codePoint)

function setOf(test: (codePoint: number) => boolean): CharacterSet {
  const ascii = new Uint8Array(128)
  for (let i = 0; i < 128; i++) ascii[i] = test(i) ? 1 : 0
  return { ascii, wide: test }
}

export const range = (from: number, to: number): CharacterSet => setOf((c) => c >= from && c <= to)

export function union(sets: readonly CharacterSet[]): CharacterSet {
  if (sets.length === 1) return sets[0] as CharacterSet
  return setOf((c) => sets.some((set) => contains(set, c)))
}

export const complement = (set: CharacterSet): CharacterSet => setOf((c) => !contains(set, c))

// As in Java without UNICODE_CHARACTER_CLASS: these know ASCII only.
export const digits = range(0x30, 0x39)
export const spaces = setOf((c) => c === 0x20 || (c >= 0x09 && c <= 0x0d))
export const words = setOf((c) => (c < 128 ? /\w/.test(String.fromCharCode(c)) : false))

/** Everything but the line terminators. */
export const anyCharacter = setOf((c) => c !== 0x0a && c !== 0x0d && c !== 0x85 && c !== 0x2028 && c !== 0x2029)

const POSIX: Readonly<Record<string, CharacterSet>> = {
  ASCII: range(0, 0x7f),
  Alnum: setOf((c) => c < 128 && /[A-Za-z0-9]/.test(String.fromCharCode(c))),
  Alpha: setOf((c) => c < 128 && /[A-Za-z]/.test(String.fromCharCode(c))),
  Digit: digits,
  Graph: range(0x21, 0x7e),
  Lower: range(0x61, 0x7a),
  Print: range(0x20, 0x7e),
  Punct: setOf((c) => c > 0x20 && c < 0x7f && !/[A-Za-z0-9]/.test(String.fromCharCode(c))),
  Space: spaces,
  Upper: range(0x41, 0x5a),
}

/** What `\p{name}` means: Java's POSIX classes are ASCII, everything else is a Unicode property. */
export function property(name: string): CharacterSet {
  const posix = POSIX[name]
  if (posix !== undefined) return posix
  // The name comes from a published pattern; one that JavaScript does not know throws here, at the first use.
  const pattern = new RegExp(`^\\p{${name.replace(/^Is/, '')}}$`, 'u')
  return setOf((c) => pattern.test(String.fromCodePoint(c)))
}
