import { expect, it } from 'vitest'
import { BodyMemory } from './body-memory.ts'

const MIB = 1024 * 1024

it('keeps room for small bodies that larger ones do not get', () => {
  const memory = new BodyMemory(8 * MIB)
  for (let count = 0; count < 7; count++) expect(memory.reserve(MIB)).toBe(true)
  expect(memory.reserve(MIB)).toBe(false)
  for (let count = 0; count < 16; count++) expect(memory.reserve(64 * 1024)).toBe(true)
  expect(memory.reserve(1)).toBe(false)
  memory.release(64 * 1024)
  expect(memory.reserve(1)).toBe(true)
})

it('takes a body larger than the budget when there is no other', () => {
  const memory = new BodyMemory(MIB)
  expect(memory.reserve(2 * MIB)).toBe(true)
  expect(memory.reserve(1)).toBe(false)
  memory.release(2 * MIB)
  expect(memory.reserve(1)).toBe(true)
  expect(memory.reserve(2 * MIB)).toBe(false)
})
