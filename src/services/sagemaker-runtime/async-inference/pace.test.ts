import { expect, it } from 'vitest'
import { Pace } from './pace.ts'

it('expects what happened lately to go on', () => {
  const pace = new Pace()
  expect(pace.within(1_000, 0)).toBe(0)
  for (let now = 1_000; now <= 1_200; now += 2) pace.note(now)
  expect(pace.within(100, 1_200)).toBe(50)
  expect(pace.within(10, 1_250)).toBe(5)
})

it('expects nothing of what has stopped, or has just begun again', () => {
  const pace = new Pace()
  for (let now = 0; now <= 200; now += 2) pace.note(now)
  expect(pace.within(100, 501)).toBe(0)
  pace.note(10_000)
  expect(pace.within(100, 10_000)).toBe(0)
})

it('expects nothing of what happens seldom', () => {
  const pace = new Pace()
  for (let now = 0; now <= 10_000; now += 250) pace.note(now)
  expect(pace.within(100, 10_000)).toBe(0)
})
