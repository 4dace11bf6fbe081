import type { IncomingHttpHeaders } from 'node:http'
import { INVOCATIONS, InvocationTarget } from '../invocation-target.ts'

/** The head of an invocation that leaves no doubt. */
export interface InvocationHead {
  /** Path as sent; there is no query. */
  readonly path: string
  readonly target: InvocationTarget
  /** By lower-case name; each was sent once. */
  readonly headers: IncomingHttpHeaders
  readonly contentLength: number
}

/** A longer head is somebody else's to read. */
export const MAX_HEAD_BYTES = 16 * 1024

const START = Buffer.from('POST /endpoints/')

/** Whether bytes begin as an invocation does, as far as they go. */
export function mayBeInvocation(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, START.length)
  return bytes.compare(START, 0, length, 0, length) === 0
}

const FIRST_LINE =
  /^POST (\/endpoints\/([A-Za-z0-9-]{1,63})\/(invocations|async-invocations|invocations-response-stream)) HTTP\/1\.1$/
/** A line end that is none, or anything besides printable ASCII: a tab too could be read in several ways. */
const DOUBTFUL = /\r(?!\n)|(?:^|[^\r])\n|[^\r\n -~]/
const NAME = /^[A-Za-z][A-Za-z0-9-]*$/
const LENGTH = /^(?:0|[1-9]\d{0,9})$/
const SPACE = 0x20

/** Headers that say something of the message or the connection besides its length: whoever sends them is not served here. */
const REFUSED = new Set([
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads a head (without the empty line at its end) if it is in every detail as the clients of SageMaker write it; undefined when
 * anything about it is unusual, be it right or wrong. What is read here, node:http reads in the same way.
 */
export function parseInvocationHead(text: string): InvocationHead | undefined {
  if (DOUBTFUL.test(text)) return undefined
  const lineEnd = text.indexOf('\r\n')
  const first = FIRST_LINE.exec(text.slice(0, Math.max(lineEnd, 0)))
  if (first === null) return undefined
  const headers: Record<string, string> = {}
  for (let at = lineEnd + 2; at < text.length; ) {
    const next = text.indexOf('\r\n', at)
    const end = next < 0 ? text.length : next
    const colon = text.indexOf(':', at)
    const from = colon + 2
    // Exactly one space before a value, and none around it: there is one way to write a header here.
    if (colon < 0 || from >= end || text.charCodeAt(colon + 1) !== SPACE) return undefined
    if (text.charCodeAt(from) === SPACE || text.charCodeAt(end - 1) === SPACE) return undefined
    const name = headerName(text.slice(at, colon))
    // Said twice, it could be understood in two ways; so could a name that all objects have.
    if (name === undefined || headers[name] !== undefined) return undefined
    headers[name] = text.slice(from, end)
    at = end + 2
  }
  const contentLength = takenLength(headers)
  if (contentLength === undefined) return undefined
  const [, path, endpointName, kind] = first as unknown as [string, string, string, keyof typeof INVOCATIONS]
  return { path, target: new InvocationTarget(INVOCATIONS[kind], endpointName), headers, contentLength }
}

/** The length of the body, where the headers that everything hangs on are as they have to be; else undefined. */
export function takenLength(headers: IncomingHttpHeaders): number | undefined {
  const { host, connection, authorization } = headers
  const length = headers['content-length']
  if (host === undefined || length === undefined || !LENGTH.test(length)) return undefined
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined
  // Then the credential that it begins with is the only one that anybody may find in it.
  if (authorization === undefined || !authorization.startsWith('AWS4-HMAC-SHA256 Credential=')) return undefined
  return Number(length)
}

/** Names as they are sent, with their lower case; undefined for those that are not read here. */
const names = new Map<string, string | undefined>()
const MAX_NAMES = 1_000
const MAX_NAME_LENGTH = 64

function headerName(sent: string): string | undefined {
  const known = names.get(sent)
  return known !== undefined || names.has(sent) ? known : learnName(sent)
}

function learnName(sent: string): string | undefined {
  if (!NAME.test(sent)) return undefined
  const lower = sent.toLowerCase()
  const name = REFUSED.has(lower) ? undefined : lower
  // A slice would hold on to the whole head it is of.
  if (names.size < MAX_NAMES && sent.length <= MAX_NAME_LENGTH) names.set(detached(sent), name && detached(name))
  return name
}

const detached = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
