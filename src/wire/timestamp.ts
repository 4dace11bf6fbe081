import type { TimestampFormat } from '../model/service-description.ts'

/** The largest distance from the epoch that a Date can hold, in milliseconds. */
const LIMIT = 8.64e15

const ISO = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?$/
const HTTP_DATE = /^[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2}(?:\.\d{1,3})? GMT$/
const SECONDS = /^-?\d{1,13}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?$/

/** Seconds since the epoch to milliseconds; undefined when out of any calendar's range. */
export function fromEpochSeconds(seconds: number): number | undefined {
  const milliseconds = Math.round(seconds * 1000)
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) <= LIMIT ? milliseconds : undefined
}

/** Reads any of the forms in which clients write a time: ISO 8601, an HTTP date, seconds. Undefined when it is none. */
export function parseTimestamp(text: string): number | undefined {
  if (text.length > 64) return undefined
  if (SECONDS.test(text)) return fromEpochSeconds(Number(text))
  if (ISO.test(text)) return finite(Date.parse(withZone(text.toUpperCase().replace(' ', 'T'))))
  if (HTTP_DATE.test(text)) return finite(Date.parse(text))
  return undefined
}

// A time without a zone is UTC, not the server's own zone.
const withZone = (text: string): string =>
  text.length > 10 && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined)

/** Writes a time; JSON numbers are written by the caller. */
export function formatTimestamp(milliseconds: number, format: TimestampFormat): string {
  switch (format) {
    case 'iso8601':
      return new Date(milliseconds).toISOString()
    case 'rfc822':
      return new Date(milliseconds).toUTCString()
    case 'unixTimestamp':
      return String(milliseconds / 1000)
  }
}
