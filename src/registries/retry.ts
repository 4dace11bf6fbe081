import { RegistryError } from './registry-error.ts'

const PASSING = new Set([502, 503, 504])
const DELAYS = [200, 1000]

/** What came of one attempt: an answer or an error, and how often it was tried before. */
export interface Attempt {
  readonly attempt: number
  readonly response?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
  }
  readonly error?: unknown
  /** Longest wait that a server may ask for, in milliseconds. */
  readonly longest: number
}

/** Milliseconds to wait before another attempt; undefined when the outcome stands. */
export function retryDelay({ attempt, response, error, longest }: Attempt): number | undefined {
  const own = DELAYS[attempt]
  if (own === undefined) return undefined
  if (error !== undefined) {
    return error instanceof RegistryError && error.reason === 'unreachable' ? own : undefined
  }
  if (response === undefined || (response.status !== 429 && !PASSING.has(response.status))) return undefined
  const asked = parseRetryAfter(response.headers['retry-after'], Date.now())
  if (asked === undefined) return own
  return asked <= longest ? asked : undefined
}

/** Retry-After in milliseconds from `now`: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
