/** How a service reads the path: S3 takes keys byte by byte, all others normalise it and encode it a second time. */
export type PathRule = 'once' | 'twice'

// Segments that encoding and normalising leave as they are; most paths consist of nothing else.
const PLAIN_TWICE = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+\/?$|^\/$/
const PLAIN_ONCE = /^\/[A-Za-z0-9_.~/-]*$/

/** The canonical URI of a path as sent. */
export function canonicalPath(path: string, rule: PathRule): string {
  if (rule === 'once') return PLAIN_ONCE.test(path) ? path : reencode(path, '/')
  return PLAIN_TWICE.test(path) ? path : encode(normalizePath(path))
}

/** Resolves `.` and `..`, and joins repeated slashes. */
function normalizePath(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const joined = `/${kept.join('/')}`
  return path.endsWith('/') && kept.length > 0 ? `${joined}/` : joined
}

/** The canonical query string of a query as sent, the signature itself left out. */
export function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs: [string, string][] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const [name, value] = splitPair(part)
    const encodedName = reencode(name.replaceAll('+', ' '))
    if (encodedName !== 'X-Amz-Signature') pairs.push([encodedName, reencode(value.replaceAll('+', ' '))])
  }
  return joinSorted(pairs)
}

/** The query as sent, only sorted: what clients sign that do not encode again what they have encoded. */
export function sortedQuery(query: string): string {
  if (query === '') return ''
  return joinSorted(
    query
      .split('&')
      .map(splitPair)
      .filter(([name]) => name !== 'X-Amz-Signature'),
  )
}

/** Percent-encodes what is not unreserved (RFC 3986); characters are bytes, slashes stay. */
const encode = (text: string): string => text.replace(/[^A-Za-z0-9_.~/-]/g, encodeByte)

/** Brings an encoded text into canonical form: every byte that must be encoded is, in upper case, and no other. */
export function reencode(text: string, alsoPlain = ''): string {
  return text.replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9_.~-]/g, (match) => {
    if (match.length === 1) return match === alsoPlain ? match : encodeByte(match)
    const character = String.fromCharCode(Number.parseInt(match.slice(1), 16))
    return /[A-Za-z0-9_.~-]/.test(character) ? character : match.toUpperCase()
  })
}

const encodeByte = (character: string): string =>
  `%${(character.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`

function splitPair(part: string): [string, string] {
  const at = part.indexOf('=')
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
}

function joinSorted(pairs: [string, string][]): string {
  pairs.sort((one, other) => compare(one[0], other[0]) || compare(one[1], other[1]))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
