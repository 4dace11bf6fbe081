import { expect, it } from 'vitest'
import { freeBuffer } from './free-buffer.ts'

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
