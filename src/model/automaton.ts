import { type CharacterSet, contains } from './character-set.ts'

/** The ways of a pattern: sets of steps that can be reached at once, and what a character makes of such a set. */
export interface Ways {
  readonly sets: Iterable<CharacterSet>
  /** Before the first character. */
  start(): Reached
  after(reached: Reached, codePoint: number): Reached
}

export interface Reached {
  /** The steps that can read another character, each once. */
  readonly steps: readonly number[]
  /** Whether the text may end here. */
  readonly ended: boolean
}

interface State extends Reached {
  /** What is known of the characters up to 127, by their class. */
  readonly next: (State | undefined)[]
  /** Others are made anew each time, so nothing that is kept may lead to them. */
  readonly isKept: boolean
}

/** More are not remembered, so that no text can make a pattern large. Usual values pass some dozen. */
const MOST_STATES = 256
/** A larger set costs more to know again than to follow. */
const MOST_STEPS = 64

/**
 * Follows a pattern's ways and remembers them: what a character led to once is looked up the next time. As the ways
 * themselves it takes time in proportion to the text's length, whatever the text.
 */
export function remembering(ways: Ways): (text: string) => boolean {
  const { classOf, count } = classes(ways.sets)
  const known = new Map<string, State>()
  const fresh = ({ steps, ended }: Reached, isKept: boolean): State => ({
    ...{ steps, ended, isKept },
    next: new Array<State | undefined>(count),
  })
  const stateOf = (reached: Reached): State => {
    const { steps, ended } = reached
    if (steps.length > MOST_STEPS) return fresh(reached, false)
    const key = `${ended} ${steps.join()}`
    const before = known.get(key)
    if (before !== undefined) return before
    const state = fresh(reached, known.size < MOST_STATES)
    if (state.isKept) known.set(key, state)
    return state
  }
  let first: State | undefined
  return (text) => {
    first ??= stateOf(ways.start())
    let state = first
    for (let at = 0; at < text.length; at++) {
      if (state.steps.length === 0) return false
      const code = text.charCodeAt(at)
      if (code < 128) {
        const kind = classOf[code] as number
        let next = state.next[kind]
        if (next === undefined) {
          next = stateOf(ways.after(state, code))
          if (next.isKept) state.next[kind] = next
        }
        state = next
      } else {
        const codePoint = text.codePointAt(at) as number
        if (codePoint > 0xffff) at++
        state = stateOf(ways.after(state, codePoint))
      }
    }
    return state.ended
  }
}

/** Characters that are in the same sets lead to the same. */
function classes(sets: Iterable<CharacterSet>): { readonly classOf: Uint8Array; readonly count: number } {
  const different = [...new Set(sets)]
  const seen = new Map<string, number>()
  const classOf = Uint8Array.from({ length: 128 }, (_, code) => {
    const key = different.map((set) => (contains(set, code) ? '1' : '0')).join('')
    const kind = seen.get(key) ?? seen.size
    seen.set(key, kind)
    return kind
  })
  return { classOf, count: seen.size }
}
