const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/** Epoch milliseconds of an ISO 8601 basic timestamp such as `20150830T123600Z`; undefined when it is none. */
export function parseTimestamp(text: string): number | undefined {
  const match = BASIC.exec(text)
  if (match === null) return undefined
  const time = Date.UTC(+match[1]!, +match[2]! - 1, +match[3]!, +match[4]!, +match[5]!, +match[6]!)
  // Date.UTC carries over: the 31st of June would be the 1st of July.
  return formatTimestamp(time) === text ? time : undefined
}

/** `20150830T123600Z`. */
export function formatTimestamp(time: number): string {
  const iso = new Date(time).toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

// What is signed within one second bears the same time.
let lastText: string | undefined
let lastTime: number | undefined

/** The same of a `Date` header, which may be in either form. */
export function parseDateHeader(text: string): number | undefined {
  if (text !== lastText) {
    lastTime = readDateHeader(text)
    lastText = text
  }
  return lastTime
}

function readDateHeader(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return parseTimestamp(text)
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
