import { describe, expect, it } from 'vitest'
import { RegistryError } from './registry-error.ts'
import { parseRetryAfter, retryDelay } from './retry.ts'

const answer = (status: number, retryAfter?: string) => ({ status, headers: { 'retry-after': retryAfter } })

describe('retryDelay', () => {
  it('waits as long as it is asked to, within the limit', () => {
    expect(retryDelay({ attempt: 0, response: answer(429, '3'), longest: 10_000 })).toBe(3000)
    expect(retryDelay({ attempt: 0, response: answer(429, '30'), longest: 10_000 })).toBeUndefined()
    expect(retryDelay({ attempt: 0, response: answer(429), longest: 10_000 })).toBeGreaterThan(0)
    expect(retryDelay({ attempt: 0, response: answer(503, '1'), longest: 10_000 })).toBe(1000)
  })

  it('gives up after a few attempts', () => {
    expect(retryDelay({ attempt: 5, response: answer(429, '1'), longest: 10_000 })).toBeUndefined()
  })

  it('lets stand what another attempt does not change', () => {
    for (const status of [200, 401, 403, 404, 500]) {
      expect(retryDelay({ attempt: 0, response: answer(status, '1'), longest: 10_000 })).toBeUndefined()
    }
    const lasting = new RegistryError('untrusted-certificate', 'r', 'x')
    expect(retryDelay({ attempt: 0, error: lasting, longest: 10_000 })).toBeUndefined()
    expect(retryDelay({ attempt: 0, error: new TypeError('bug'), longest: 10_000 })).toBeUndefined()
    expect(retryDelay({ attempt: 0, error: new RegistryError('unreachable', 'r', 'x'), longest: 1 })).toBeGreaterThan(0)
  })
})

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it('reads seconds and dates', () => {
    expect(parseRetryAfter('5', now)).toBe(5000)
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:07 GMT', now)).toBe(7000)
    expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
  })
  it.each([undefined, 'soon', '', '-', ['1', '2']])('reads nothing in %j', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined()
  })
})
