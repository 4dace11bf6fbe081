import type { Member, Shape, TimestampFormat } from '../model/service-description.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

const INTEGER = /^[+-]?\d{1,19}$/
const DECIMAL = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/
const INT_MAX = 2 ** 31 - 1

/** Reads a value that travels as text (XML, query strings, headers). Undefined when the text is no such value. */
export function parseScalar(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case 'string':
    case 'character':
      return text
    case 'boolean': {
      const lower = text.trim().toLowerCase()
      return lower === 'true' || lower === '1' ? true : lower === 'false' || lower === '0' ? false : undefined
    }
    case 'integer': {
      const value = INTEGER.test(text.trim()) ? Number(text) : Number.NaN
      return Math.abs(value) <= INT_MAX ? value : undefined
    }
    case 'long':
      return INTEGER.test(text.trim()) ? Number(text) : undefined
    case 'float':
    case 'double':
      return DECIMAL.test(text.trim()) ? Number(text) : undefined
    case 'timestamp':
      return parseTimestamp(text.trim())
    case 'blob':
      return Buffer.from(text, 'base64')
    default:
      return undefined
  }
}

/** Writes a value as text. `format` is the place's usual form of a time; the member's own wins. */
export function formatScalar(member: Member, value: unknown, format: TimestampFormat): string {
  switch (member.shape.type) {
    case 'timestamp':
      return formatTimestamp(value as number, member.timestampFormat ?? format)
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64')
    default:
      return String(value)
  }
}
