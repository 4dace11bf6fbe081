import { expect, it } from 'vitest'
import { LookFrom } from './look-from.ts'
import { requestIds } from './request-id.ts'

const NOON = 1_800_000_000_000
const idAt = (time: number) => requestIds(() => time)()

it('looks behind what has been taken, with time for those that are committed late', () => {
  const from = new LookFrom()
  expect(from.after(0, 0)).toBe('')
  from.nothingLeft(NOON)
  expect(from.after(20, 0) > idAt(NOON - 1_001)).toBe(true)
  expect(from.after(20, 0) < idAt(NOON - 1_000)).toBe(true)
})

it('looks at all once a second, when something was given back, and until nothing is left there', () => {
  const from = new LookFrom()
  from.after(0, 0)
  from.nothingLeft(NOON)
  expect(from.after(999, 0)).not.toBe('')
  expect(from.after(1_000, 0)).toBe('')
  expect(from.after(1_001, 0)).toBe('')
  from.nothingLeft(NOON)
  expect(from.after(1_002, 0)).not.toBe('')
  expect(from.after(1_003, 1)).toBe('')
  from.nothingLeft(NOON)
  expect(from.after(1_004, 1)).not.toBe('')
})
