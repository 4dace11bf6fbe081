import type { IncomingHttpHeaders } from 'node:http'
import { type InvocationHead, parseInvocationHead, takenLength } from './invocation-head.ts'

/** A longer head is not remembered. */
const MAX_KNOWN = 4 * 1024
/** A value in which nothing is doubtful, without the space around it. */
const VALUE = /^[!-~](?:[ -~]*[!-~])?$/

interface KnownLine {
  /** With its end. */
  readonly text: string
  /** Its name, the colon and the space. */
  readonly start: string
  readonly name: string
}

/** The first head of a connection, to read the others by. */
interface KnownHead {
  readonly head: InvocationHead
  readonly firstLine: string
  readonly lines: readonly KnownLine[]
}

/**
 * Reads the heads of a connection, one after the other. A client repeats itself: the same lines in the same order, but for a
 * signature, its date and an id. What stands in a head as it stood in the first one has been understood and checked already.
 */
export class HeadReader {
  #known: KnownHead | undefined

  /** A head with the end of its last line, without the empty one; undefined when anything about it is unusual. */
  read(text: string): InvocationHead | undefined {
    const again = this.#known && readAgain(this.#known, text)
    if (again !== undefined) return again
    const head = parseInvocationHead(text.slice(0, -2))
    if (head !== undefined && text.length <= MAX_KNOWN) this.#known ??= know(head, text)
    return head
  }
}

function know(head: InvocationHead, text: string): KnownHead {
  const [firstLine, ...rest] = text.split(/(?<=\r\n)/) as [string, ...string[]]
  // None was sent twice and none is a number, so the headers stand in the order of their lines.
  const names = Object.keys(head.headers)
  const lines = rest.map((line, index) => ({
    text: line,
    start: line.slice(0, line.indexOf(':') + 2),
    name: names[index] as string,
  }))
  return { head, firstLine, lines }
}

/** Undefined for a head with other headers than the known one, and for one that is to be looked at more closely. */
function readAgain({ head, firstLine, lines }: KnownHead, text: string): InvocationHead | undefined {
  if (!standsAt(text, 0, firstLine)) return undefined
  let headers: IncomingHttpHeaders | undefined
  let at = firstLine.length
  for (const line of lines) {
    if (standsAt(text, at, line.text)) {
      at += line.text.length
      continue
    }
    if (!standsAt(text, at, line.start)) return undefined
    const from = at + line.start.length
    const end = text.indexOf('\r\n', from)
    const value = text.slice(from, end)
    if (!VALUE.test(value)) return undefined
    headers ??= { ...head.headers }
    headers[line.name] = value
    at = end + 2
  }
  if (at !== text.length) return undefined
  if (headers === undefined) return head
  const contentLength = takenLength(headers)
  return contentLength === undefined ? undefined : { path: head.path, target: head.target, headers, contentLength }
}

/** Several times as fast as startsWith, which compares character by character. */
const standsAt = (text: string, at: number, part: string): boolean => text.slice(at, at + part.length) === part
