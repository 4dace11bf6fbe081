import { malformedInput } from './fault.ts'

/** Form parameters as a tree: `Tags.member.1.Key=a` is found under Tags, member, 1, Key. */
export interface FormNode {
  value: string | undefined
  readonly children: Map<string, FormNode>
}

const MAX_DEPTH = 32
const MAX_PARAMETERS = 10_000

const utf8 = new TextDecoder('utf-8', { fatal: true })
const trees = new WeakMap<Uint8Array, { readonly query: string; readonly root: FormNode }>()

const emptyNode = (): FormNode => ({ value: undefined, children: new Map() })

/**
 * Reads the parameters of the body and of the query string; the body's win. Kept as long as the body is,
 * because the operation's name is looked up before its input is read.
 */
export function readForm(query: string, body: Uint8Array): FormNode {
  const cached = trees.get(body)
  if (cached?.query === query) return cached.root
  const root = emptyNode()
  let count = 0
  for (const text of [query, decodeText(body)]) {
    if (text === '') continue
    for (const [name, value] of new URLSearchParams(text)) {
      if (++count > MAX_PARAMETERS) throw malformedInput('Too many parameters.')
      place(root, name, value)
    }
  }
  trees.set(body, { query, root })
  return root
}

function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    throw malformedInput('The request body is not UTF-8.')
  }
}

function place(root: FormNode, name: string, value: string): void {
  const steps = name.split('.', MAX_DEPTH + 1)
  if (steps.length > MAX_DEPTH) throw malformedInput('A parameter name has too many parts.')
  let node = root
  for (const step of steps) {
    let next = node.children.get(step)
    if (next === undefined) {
      next = emptyNode()
      node.children.set(step, next)
    }
    node = next
  }
  node.value = value
}

/** The children numbered 1, 2, …; in order, gaps closed. */
export function numbered(node: FormNode): FormNode[] {
  return [...node.children]
    .filter(([step]) => /^\d{1,9}$/.test(step))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child)
}
