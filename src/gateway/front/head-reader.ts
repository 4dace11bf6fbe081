import { type InvocationHead, parseInvocationHead, takenLength } from './invocation-head.ts'

/** A longer head is not remembered. */
const MAX_KNOWN = 4 * 1024
/** A value in which nothing is doubtful, without the space around it. */
const VALUE = /^[!-~](?:[ -~]*[!-~])?$/

/** What has stood in all heads so far, up to a value that has not. */
interface Part {
  readonly text: string
  /** Whose value follows; undefined for the last part. */
  readonly name: string | undefined
}

/** The first head of a connection, to read the others by. */
interface KnownHead {
  readonly head: InvocationHead
  readonly text: string
  /** Headers whose values have been others since. */
  readonly varying: ReadonlySet<string>
  readonly parts: readonly Part[]
}

/**
 * Reads the heads of a connection, one after the other. A client repeats itself: the same lines in the same order, but for a
 * signature, its date and an id. What stands in a head as it stood in the first one has been understood and checked already, and is
 * compared in as few pieces as there are.
 */
export class HeadReader {
  #known: KnownHead | undefined

  /** A head with the end of its last line, without the empty one; undefined when anything about it is unusual. */
  read(text: string): InvocationHead | undefined {
    const again = this.#known && readAgain(this.#known, text)
    if (again !== undefined) return again
    const head = parseInvocationHead(text.slice(0, -2))
    if (head === undefined || text.length > MAX_KNOWN) return head
    this.#known = this.#known === undefined ? know(head, text, new Set()) : learn(this.#known, head)
    return head
  }
}

function know(head: InvocationHead, text: string, varying: ReadonlySet<string>): KnownHead {
  const [firstLine, ...lines] = text.split(/(?<=\r\n)/) as [string, ...string[]]
  // None was sent twice and none is a number, so the headers stand in the order of their lines.
  const names = Object.keys(head.headers)
  const parts: Part[] = []
  let same = firstLine
  for (const [index, line] of lines.entries()) {
    const name = names[index] as string
    if (varying.has(name)) {
      parts.push({ text: same + line.slice(0, line.indexOf(':') + 2), name })
      same = '\r\n'
    } else same += line
  }
  parts.push({ text: same, name: undefined })
  return { head, text, varying, parts }
}

/** What the known head has in common with another one, too. */
function learn(known: KnownHead, { headers }: InvocationHead): KnownHead {
  const differ = (name: string) => headers[name] !== known.head.headers[name]
  const varying = new Set(Object.keys(known.head.headers).filter((name) => known.varying.has(name) || differ(name)))
  return varying.size === known.varying.size ? known : know(known.head, known.text, varying)
}

/** Undefined for a head with other lines than the known one, and for one that is to be looked at more closely. */
function readAgain({ head, parts }: KnownHead, text: string): InvocationHead | undefined {
  const headers = parts.length > 1 ? { ...head.headers } : head.headers
  let at = 0
  for (const { text: same, name } of parts) {
    const from = at + same.length
    // Several times as fast as startsWith, which compares character by character.
    if (text.slice(at, from) !== same) return undefined
    at = from
    if (name === undefined) continue
    at = text.indexOf('\r\n', from)
    const value = text.slice(from, at)
    if (!VALUE.test(value)) return undefined
    headers[name] = value
  }
  if (at !== text.length) return undefined
  const contentLength = takenLength(headers)
  return contentLength === undefined ? undefined : { path: head.path, target: head.target, headers, contentLength }
}
