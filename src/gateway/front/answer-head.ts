import { STATUS_CODES } from 'node:http'

/** What no header may hold: it could end the line. The same as node:http refuses. */
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/

/** What the head of an answer says besides its headers. */
export interface AnswerFacts {
  readonly status: number
  /** Whether another request may follow on the connection. */
  readonly keepAlive: boolean
  /** For which an idle connection is kept, in seconds. */
  readonly idleSeconds: number
}

/** The head of an answer, byte by byte as node:http would write it. */
export interface AnswerHead {
  readonly text: string
  /** Whether the body has to be, for there is no Content-Length. */
  readonly chunked: boolean
}

/** A head around the values of its first and its last header, and what it was made of. */
interface Made {
  readonly facts: AnswerFacts
  readonly headers: readonly string[]
  readonly date: string
  readonly start: string
  readonly middle: string
  readonly end: string
  readonly chunked: boolean
}

let last: Made | undefined

/**
 * Headers are names and values by turns. Answers say the same but for the id of their request, which stands first, and their length,
 * which stands last; so the last head is kept to make the next one of. Throws an Error when a value could not stand in a header.
 */
export function answerHead(facts: AnswerFacts, headers: readonly string[]): AnswerHead {
  const date = dateText()
  if (last === undefined || last.date !== date || !isMadeOf(last, facts, headers)) last = make(facts, headers, date)
  const { start, middle, end, chunked } = last
  const count = headers.length
  if (count === 0) return { text: start + end, chunked }
  const first = value(headers, 0)
  return { text: count === 2 ? start + first + end : start + first + middle + value(headers, count - 2) + end, chunked }
}

function isMadeOf({ facts, headers: known }: Made, asked: AnswerFacts, headers: readonly string[]): boolean {
  if (facts.status !== asked.status || facts.keepAlive !== asked.keepAlive || facts.idleSeconds !== asked.idleSeconds)
    return false
  const lastValue = headers.length - 1
  if (known.length !== headers.length || known[0] !== headers[0]) return false
  for (let index = 2; index < lastValue; index++) if (known[index] !== headers[index]) return false
  return true
}

function make(facts: AnswerFacts, headers: readonly string[], date: string): Made {
  const { status, keepAlive, idleSeconds } = facts
  const lastName = headers.length - 2
  let start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  let middle = ''
  let chunked = true
  for (let index = 0; index <= lastName; index += 2) {
    const name = headers[index] as string
    if (name === 'Content-Length') chunked = false
    if (index === 0) start += `${name}: `
    else if (index === lastName) middle += `\r\n${name}: `
    else middle += `\r\n${name}: ${value(headers, index)}`
  }
  let end = headers.length === 0 ? '' : '\r\n'
  end += `Date: ${date}\r\n`
  end += keepAlive ? `Connection: keep-alive\r\nKeep-Alive: timeout=${idleSeconds}\r\n` : 'Connection: close\r\n'
  end += chunked ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n'
  return { facts, headers, date, start: flat(start), middle: flat(middle), end: flat(end), chunked }
}

/** The value of the header whose name stands at `index`. */
function value(headers: readonly string[], index: number): string {
  const text = headers[index + 1] as string
  if (FORBIDDEN.test(text)) throw new Error(`the header ${headers[index]} holds characters that no header may`)
  return text
}

/** Of one piece, not of those that it was put together from. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

let dateSecond = 0
let date = ''

/** The time as headers have it, made once a second. */
function dateText(): string {
  const now = Date.now()
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = new Date(now).toUTCString()
  }
  return date
}
