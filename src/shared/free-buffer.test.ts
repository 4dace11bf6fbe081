import { expect, it } from 'vitest'
import { freeBuffer, freeGiven, giveAway, isGiven } from './free-buffer.ts'

it('empties a large buffer', () => {
  const bytes = Buffer.alloc(64 * 1024, 'a')
  freeBuffer(bytes)
  expect(bytes.length).toBe(0)
})

it('leaves alone what is small, and what is a part of something', () => {
  const small = Buffer.alloc(1024, 'a')
  const whole = Buffer.alloc(128 * 1024, 'a')
  const part = whole.subarray(0, 64 * 1024)
  for (const bytes of [small, part]) freeBuffer(bytes)
  expect([small.length, part.length, whole[0]]).toEqual([1024, 64 * 1024, 97])
})

it('empties what stands before it too, when it is told that nobody reads that', () => {
  const whole = Buffer.alloc(128 * 1024, 'a')
  const rest = whole.subarray(100)
  freeBuffer(rest, 99)
  expect(rest.length).toBe(128 * 1024 - 100)
  freeBuffer(rest, 100)
  expect([rest.length, whole.length]).toEqual([0, 0])
})

it('leaves to their owners what has not been given away, whole or in part', () => {
  const kept = Buffer.alloc(64 * 1024, 'a')
  const given = giveAway(Buffer.alloc(64 * 1024, 'a'))
  const part = giveAway(Buffer.alloc(64 * 1024, 'a')).subarray(1)
  expect([isGiven(kept), isGiven(given)]).toEqual([false, true])
  for (const bytes of [kept, given, part, given]) freeGiven(bytes)
  expect([kept.length, given.length, part.length]).toEqual([64 * 1024, 0, 64 * 1024 - 1])
})
