/** Reads a number as numeric operators take it: an integer or a decimal. */
export function parseNumber(text: string): number | undefined {
  const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

/** A W3C profile of ISO 8601: from a year alone to fractions of seconds; times have a zone. */
const DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?)?)?$/

/** Reads a date as date operators take it, to milliseconds since the epoch: ISO 8601, or seconds since the epoch. */
export function parseDate(text: string): number | undefined {
  if (DATE.test(text)) {
    const value = Date.parse(
      text.replace(/([+-]\d\d)(\d\d)$/, (whole, hours, minutes) =>
        text.includes('T') ? `${hours}:${minutes}` : whole,
      ),
    )
    return Number.isNaN(value) ? undefined : value
  }
  const seconds = parseNumber(text)
  return seconds === undefined ? undefined : seconds * 1000
}

/** Base64 in its one canonical form, so that equal bytes are equal texts. */
export function canonicalBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64').toString('base64')
}

/** `true` or `false` in any case. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}
