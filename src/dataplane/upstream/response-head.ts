/** The start of a response as far as the data plane needs it. Header names are lower-case; the last of repeated ones wins. */
export interface ResponseHead {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** Bytes of the body when the container announced them. */
  readonly contentLength: number | undefined
}

/** A head with what it says about the connection. */
export interface ParsedHead extends ResponseHead {
  readonly framing: 'none' | 'length' | 'chunked' | 'until-close'
  /** Whether another request may follow on the connection. */
  readonly keepAlive: boolean
  /** How long the container says it keeps an idle connection; undefined when it does not say. */
  readonly keepAliveMilliseconds: number | undefined
}

/** The container did not answer in HTTP/1.1. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError'
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\xff]*)?$/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Reads a status line and headers, `\r\n` between them. Throws MalformedResponseError for what two readers could
 * understand in two ways (RFC 9112 §5, §6.3).
 */
export function parseHead(text: string): ParsedHead {
  const lines = text.split('\r\n')
  const start = STATUS_LINE.exec(lines[0] ?? '')
  if (start === null) throw new MalformedResponseError('the response does not start with an HTTP/1.1 status line')
  const headers = new Map<string, string>()
  for (let index = 1; index < lines.length; index++) addHeader(headers, lines[index] as string)
  const status = Number(start[2])
  return { status, headers, ...readFraming(status, start[1] === '1', headers) }
}

/** How much of an unfinished line is looked at as the beginning of one; names of headers are shorter. */
const LINE_START_BYTES = 1024
const ANY_STATUS_LINE = 'HTTP/1.1 200'

/**
 * Looks at a head whose end has not come. Throws MalformedResponseError as soon as nothing that follows can make it valid, so that
 * nobody waits for the rest of it. Lines before `checked` have been looked at, bytes from `fresh` on are new. Returns where
 * the unfinished line begins.
 */
export function checkHeadSoFar(bytes: Buffer, checked: number, fresh: number): number {
  let start = checked
  for (;;) {
    const end = bytes.indexOf('\r\n', Math.max(start, fresh - 1), 'latin1')
    if (end < 0) break
    const line = bytes.toString('latin1', start, end)
    if (start > 0) parseHeader(line)
    else requireStatusLine(line)
    start = end + 2
  }
  // The first half of a line's end may have come.
  const stop = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length
  if (CONTROL.test(bytes.toString('latin1', Math.max(start, fresh - 1), stop)))
    throw new MalformedResponseError('the head of the response has a line without a proper end')
  const line = bytes.toString('latin1', start, Math.min(stop, start + LINE_START_BYTES))
  if (start === 0) requireStatusLine(line + ANY_STATUS_LINE.slice(line.length))
  else if (line !== '' && !line.includes(':')) parseHeader(`${line}:`)
  return start
}

function requireStatusLine(line: string): void {
  if (!STATUS_LINE.test(line))
    throw new MalformedResponseError('the response does not start with an HTTP/1.1 status line')
}

/** Headers that frame the body: said twice, they are not to be trusted. */
const SINGULAR = new Set(['content-length', 'transfer-encoding'])

function addHeader(headers: Map<string, string>, line: string): void {
  const [name, value] = parseHeader(line)
  const previous = headers.get(name)
  if (previous === undefined) headers.set(name, value)
  else if (name === 'connection') headers.set(name, `${previous},${value}`)
  else if (SINGULAR.has(name)) throw new MalformedResponseError(`the response has two ${name} headers`)
  else headers.set(name, value)
}

/** A header's name in lower case and its value. */
export function parseHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (!NAME.test(name) || CONTROL.test(line)) throw new MalformedResponseError('a header of the response is malformed')
  let start = colon + 1
  let end = line.length
  while (start < end && isBlank(line.charCodeAt(start))) start++
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--
  return [name.toLowerCase(), line.slice(start, end)]
}

// Values are bytes in disguise, so only space and tab are white space: trim() would take more.
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

function readFraming(
  status: number,
  isHttp11: boolean,
  headers: ReadonlyMap<string, string>,
): Omit<ParsedHead, 'status' | 'headers'> {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new MalformedResponseError(`the response has the transfer coding '${coding.slice(0, 64)}'`)
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw new MalformedResponseError('the content length of the response is no number')
  if (coding !== undefined && length !== undefined)
    throw new MalformedResponseError('the response has both a content length and a transfer coding')
  const wishes = headers
    .get('connection')
    ?.toLowerCase()
    .split(/[ \t]*,[ \t]*/)
  const stays = isHttp11 || wishes?.includes('keep-alive') === true
  const keepAlive = stays && wishes?.includes('close') !== true && (isHttp11 || coding === undefined)
  const seconds = /(?:^|[ ,])timeout=(\d{1,6})(?:[ ,]|$)/i.exec(headers.get('keep-alive') ?? '')?.[1]
  const keepAliveMilliseconds = seconds === undefined ? undefined : Number(seconds) * 1000
  const rest = { keepAlive, keepAliveMilliseconds }
  if (status < 200 || status === 204 || status === 304) return { ...rest, framing: 'none', contentLength: 0 }
  if (coding !== undefined) return { ...rest, framing: 'chunked', contentLength: undefined }
  if (length !== undefined) return { ...rest, framing: 'length', contentLength: Number(length) }
  return { ...rest, framing: 'until-close', contentLength: undefined }
}
