import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../../test/support/databases.ts'
import { createSessionAffinity, parseNewSession, type SessionAffinity } from './session-affinity.ts'

const HOUR = 3_600_000

describe.each(testStores)('sessions on $dialect', ({ create }) => {
  let store: TestStore
  let time = 1_000_000
  let one: SessionAffinity
  let other: SessionAffinity
  beforeAll(async () => {
    store = await create()
    one = createSessionAffinity(await store.open(), () => time)
    other = createSessionAffinity(await store.open(), () => time)
  })
  afterAll(() => store.remove())

  it('are found with their instance until they are closed or over', async () => {
    await one.open('1/r/a', 's1', 'i-1', time + HOUR)
    await one.open('1/r/b', 's1', 'i-2', time + HOUR)
    expect([await other.find('1/r/a', 's1'), await other.find('1/r/b', 's1')]).toEqual(['i-1', 'i-2'])
    expect(await other.find('1/r/a', 's2')).toBeUndefined()
    await other.close('1/r/a', 's1')
    await other.close('1/r/a', 's1')
    expect([await one.find('1/r/a', 's1'), await one.find('1/r/b', 's1')]).toEqual([undefined, 'i-2'])
    time += HOUR
    expect(await one.find('1/r/b', 's1')).toBeUndefined()
  })

  it('may be opened again, elsewhere and at once', async () => {
    await Promise.all(['i-1', 'i-2', 'i-3'].map((instance) => one.open('1/r/c', 's', instance, time + HOUR)))
    expect(await one.find('1/r/c', 's')).toMatch(/^i-[123]$/)
    await one.open('1/r/c', 's', 'i-4', time + HOUR)
    expect(await one.find('1/r/c', 's')).toBe('i-4')
  })
})

describe('what a container says of a new session', () => {
  const now = Date.UTC(2026, 0, 1)

  it.each([
    ['abc', 'abc', now + 24 * HOUR],
    ['abc; Expires=2026-01-01T01:00:00Z', 'abc', now + HOUR],
    ['abc;expires=2026-01-01T01:00:00Z; Path=/', 'abc', now + HOUR],
    ['a-1; Expires=soon', 'a-1', now + 24 * HOUR],
  ])('%j', (text, id, expiresAt) => {
    expect(parseNewSession(text, now)).toEqual({ id, expiresAt })
  })

  it.each(['', '; Expires=2026-01-01T01:00:00Z', 'a b', 'a_b', 'NEW_SESSION', 'a'.repeat(257), '-a'])(
    '%j is none',
    (text) => {
      expect(parseNewSession(text, now)).toBeUndefined()
    },
  )
})
