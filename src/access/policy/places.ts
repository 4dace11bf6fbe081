/** A symbol that stands for any one character; the others are codes of characters. */
export const HOLE = -1

/** Whether anything may come in between, before the symbol of the same index (or behind the last one). */
export type Gap = 'none' | 'any' | 'in-field'

/**
 * Follows all places that a pattern can be at in a text at once, 32 of them in one step, so that even the worst pattern
 * takes a 32nd of the product of pattern and text. Returns where in the text it first comes to its end, `text.length` for
 * one that has to reach as far as the text; -1 when it does not.
 *
 * @param gaps one more than there are symbols
 * @param from where in the text to begin
 * @param ending `first`: anywhere; `whole`: with the text
 */
export function follow(
  symbols: readonly number[],
  gaps: readonly Gap[],
  text: string,
  from: number,
  ending: 'first' | 'whole',
): number {
  const size = (symbols.length >>> 5) + 1
  const takes = masks(symbols, size)
  const holes = takes.get(HOLE) ?? new Uint32Array(size)
  const stays = places(gaps, size, (gap) => gap === 'any')
  const staysInField = places(gaps, size, (gap) => gap !== 'none')
  const last = symbols.length >>> 5
  const end = 1 << (symbols.length & 31)
  const now = new Uint32Array(size)
  now[0] = 1
  for (let at = from; at < text.length; at += 1) {
    if (ending === 'first' && (now[last]! & end) !== 0) return at
    const code = text.charCodeAt(at)
    const taken = takes.get(code) ?? holes
    const kept = code === COLON ? stays : staysInField
    let carry = 0
    let alive = 0
    for (let word = 0; word < size; word += 1) {
      const before = now[word]!
      const after = (((before << 1) | carry) & taken[word]!) | (before & kept[word]!)
      carry = before >>> 31
      now[word] = after
      alive |= after
    }
    if (alive === 0) return -1
  }
  return (now[last]! & end) !== 0 ? text.length : -1
}

const COLON = 0x3a

/** For each symbol, the places that are reached by way of it; those of holes by way of any. */
function masks(symbols: readonly number[], size: number): Map<number, Uint32Array> {
  const found = new Map<number, Uint32Array>([[HOLE, new Uint32Array(size)]])
  const holes = found.get(HOLE)!
  for (const symbol of symbols) if (!found.has(symbol)) found.set(symbol, new Uint32Array(size))
  symbols.forEach((symbol, index) => {
    found.get(symbol)![(index + 1) >>> 5]! |= 1 << ((index + 1) & 31)
  })
  for (const [symbol, mask] of found)
    if (symbol !== HOLE) for (let word = 0; word < size; word += 1) mask[word]! |= holes[word]!
  return found
}

function places(gaps: readonly Gap[], size: number, chosen: (gap: Gap) => boolean): Uint32Array {
  const mask = new Uint32Array(size)
  gaps.forEach((gap, index) => {
    if (chosen(gap)) mask[index >>> 5]! |= 1 << (index & 31)
  })
  return mask
}
