import { type Reached, remembering, type Ways } from './automaton.ts'
import { type CharacterSet, contains, words } from './character-set.ts'
import { type Node, parsePattern } from './pattern-syntax.ts'

/**
 * The published patterns were written for a backtracking matcher, and several of them take exponential time on hostile
 * input there. This one keeps the set of states that can be reached, so its time is the value's length times the
 * pattern's size, whatever the two are.
 */
export interface Pattern {
  /** Whether the whole value matches, as the services demand. */
  matches(value: string): boolean
}

type Step =
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'assert'; readonly holds: (text: readonly number[], at: number) => boolean; readonly next: number }
  | { readonly kind: 'end' }

interface Program {
  readonly steps: readonly Step[]
  readonly start: number
}

/** More steps than any published pattern needs; a count like {0,100000} would be refused here. */
const MAX_STEPS = 20_000

export function compilePattern(source: string): Pattern {
  const node = withoutOuterEdges(parsePattern(source))
  const plain = repeatedSet(node)
  if (plain !== undefined) return { matches: (value) => isRepeated(plain, value) }
  const program = compile(node)
  const ways = waysOf(program)
  if (ways !== undefined) return { matches: remembering(ways) }
  return {
    matches: (value) => {
      const text = codePoints(value)
      return run(program, text, 0, text.length, 'whole')
    },
  }
}

/** A value is matched as a whole: `^` in front and `$` behind say nothing more. */
function withoutOuterEdges(node: Node): Node {
  if (node.kind === 'choice') return { ...node, options: node.options.map(withoutOuterEdges) }
  if (node.kind !== 'sequence') return node
  const isEdge = (part: Node | undefined, edge: string) => part?.kind === 'edge' && part.edge === edge
  const from = isEdge(node.parts[0], 'start') ? 1 : 0
  const to = isEdge(node.parts.at(-1), 'end') ? -1 : undefined
  return { ...node, parts: node.parts.slice(from, to) }
}

interface RepeatedSet {
  readonly set: CharacterSet
  readonly min: number
  readonly max: number
}

/** Recognises patterns like `[a-z]+`, which are those of the longest values, such as policy documents. */
function repeatedSet(node: Node): RepeatedSet | undefined {
  if (node.kind === 'sequence' && node.parts.length === 1) return repeatedSet(node.parts[0] as Node)
  if (node.kind !== 'repeat') return undefined
  const inner = node.of.kind === 'sequence' && node.of.parts.length === 1 ? (node.of.parts[0] as Node) : node.of
  return inner.kind === 'set' ? { set: inner.set, min: node.min, max: node.max } : undefined
}

function isRepeated({ set, min, max }: RepeatedSet, value: string): boolean {
  let count = 0
  for (let i = 0; i < value.length; i++) {
    const codePoint = value.codePointAt(i) as number
    if (!contains(set, codePoint)) return false
    if (codePoint > 0xffff) i++
    count++
  }
  return count >= min && count <= max
}

const codePoints = (value: string): number[] => Array.from(value, (character) => character.codePointAt(0) as number)

/** Builds the program backwards: each part is given the step that follows it. */
function compile(node: Node): Program {
  const steps: Step[] = [{ kind: 'end' }]
  const add = (step: Step): number => {
    if (steps.length >= MAX_STEPS) throw new Error('The pattern is too large.')
    return steps.push(step) - 1
  }

  function build(part: Node, next: number): number {
    switch (part.kind) {
      case 'set':
        return add({ kind: 'set', set: part.set, next })
      case 'sequence':
        return part.parts.reduceRight((following, inner) => build(inner, following), next)
      case 'choice':
        return add({ kind: 'fork', next: part.options.map((option) => build(option, next)) })
      case 'repeat':
        return repeat(part, next)
      case 'edge': {
        const { edge } = part
        return add({ kind: 'assert', holds: (text, at) => atEdge(edge, text, at), next })
      }
      case 'look': {
        const inner = compile(part.of)
        const { ahead, negative } = part
        const width = ahead ? 0 : widest(part.of)
        const holds = (text: readonly number[], at: number) =>
          (ahead ? run(inner, text, at, text.length, 'prefix') : runBehind(inner, text, at, width)) !== negative
        return add({ kind: 'assert', holds, next })
      }
    }
  }

  function repeat({ of, min, max }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    let start = next
    if (max === Number.POSITIVE_INFINITY) {
      const loop = add({ kind: 'fork', next: [] })
      const body = build(of, loop)
      steps[loop] = { kind: 'fork', next: [body, next] }
      start = loop
    } else {
      for (let i = min; i < max; i++) start = add({ kind: 'fork', next: [build(of, start), next] })
    }
    for (let i = 0; i < min; i++) start = build(of, start)
    return start
  }

  const start = build(node, 0)
  return { steps, start }
}

/** The most characters that a part can match. */
function widest(node: Node): number {
  switch (node.kind) {
    case 'set':
      return 1
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + widest(part), 0)
    case 'choice':
      return Math.max(...node.options.map(widest))
    case 'repeat':
      return widest(node.of) === 0 ? 0 : widest(node.of) * node.max
    default:
      return 0
  }
}

/** Undefined for a program that looks around: what it may do depends on more than the steps that it has reached. */
function waysOf(program: Program): Ways | undefined {
  if (program.steps.some(({ kind }) => kind === 'assert')) return undefined
  const marks = new Float64Array(program.steps.length)
  let calls = 0
  const reach = (starts: readonly number[]): Reached => {
    const steps: number[] = []
    let ended = false
    // No step looks at where it is, so a position may be any number that was not used before.
    calls++
    for (const start of starts) if (enter(program, start, [], calls, marks, steps)) ended = true
    return { steps, ended }
  }
  const setAt = (index: number) => program.steps[index] as Extract<Step, { kind: 'set' }>
  return {
    sets: program.steps.flatMap((step) => (step.kind === 'set' ? [step.set] : [])),
    start: () => reach([program.start]),
    after: ({ steps }, codePoint) =>
      reach(steps.filter((index) => contains(setAt(index).set, codePoint)).map((index) => setAt(index).next)),
  }
}

/** Follows all ways through the program at once. `prefix` is content with a match that ends before the text does. */
function run(program: Program, text: readonly number[], from: number, to: number, mode: 'whole' | 'prefix'): boolean {
  const marks = new Float64Array(program.steps.length).fill(-1)
  let active: number[] = []
  let ended = enter(program, program.start, text, from, marks, active)
  for (let at = from; at < to; at++) {
    if (ended && mode === 'prefix') return true
    if (active.length === 0) return false
    const codePoint = text[at] as number
    const following: number[] = []
    ended = false
    for (const index of active) {
      const step = program.steps[index] as Extract<Step, { kind: 'set' }>
      if (!contains(step.set, codePoint)) continue
      if (enter(program, step.next, text, at + 1, marks, following)) ended = true
    }
    active = following
  }
  return ended
}

/** Whether some stretch of at most `width` characters that ends at the position matches. */
function runBehind(program: Program, text: readonly number[], at: number, width: number): boolean {
  for (let from = at; from >= Math.max(0, at - width); from--) {
    if (run(program, text, from, at, 'whole')) return true
  }
  return false
}

/**
 * Adds the steps that can read a character once the given one is reached, and says whether the end is among them.
 * `marks` holds the position at which a step was last entered, so that none is entered twice.
 */
function enter(
  program: Program,
  start: number,
  text: readonly number[],
  at: number,
  marks: Float64Array,
  active: number[],
): boolean {
  const pending = [start]
  let ended = false
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (marks[index] === at) continue
    marks[index] = at
    const step = program.steps[index] as Step
    if (step.kind === 'set') active.push(index)
    else if (step.kind === 'end') ended = true
    else if (step.kind === 'fork') pending.push(...step.next)
    else if (step.holds(text, at)) pending.push(step.next)
  }
  return ended
}

function atEdge(edge: 'start' | 'end' | 'word' | 'not-word', text: readonly number[], at: number): boolean {
  if (edge === 'start') return at === 0
  if (edge === 'end') return at === text.length
  const before = at > 0 && contains(words, text[at - 1] as number)
  const after = at < text.length && contains(words, text[at] as number)
  return (before !== after) === (edge === 'word')
}
