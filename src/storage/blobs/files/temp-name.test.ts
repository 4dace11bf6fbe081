import { expect, test } from 'vitest'
import { isAbandoned, tempName } from './temp-name.ts'

const self = { host: 'here', pid: 10, token: 'mine' }
const now = 1_000_000_000_000
const abandoned = (owner: typeof self, alive: boolean, lastWrite = now - 1_000) =>
  isAbandoned(tempName(owner, 'abc'), lastWrite, self, () => alive, now)

test('a writer that lives keeps its file', () => {
  expect(abandoned(self, true)).toBe(false)
  expect(abandoned({ ...self, pid: 11, token: 'other' }, true)).toBe(false)
})

test('a dead process, and an earlier one with the same pid, have left theirs', () => {
  expect(abandoned({ ...self, pid: 11, token: 'other' }, false)).toBe(true)
  expect(abandoned({ ...self, token: 'earlier' }, true)).toBe(true)
})

test('a writer on another machine is given up after a day without a byte', () => {
  expect(abandoned({ host: 'there~1', pid: 11, token: 'other' }, false)).toBe(false)
  expect(abandoned({ host: 'there~1', pid: 11, token: 'other' }, false, now - 25 * 3_600_000)).toBe(true)
})

test('a file of another name is left alone until it is old', () => {
  expect(isAbandoned('notes.txt', now - 1_000, self, () => false, now)).toBe(false)
})
