import { expect, it } from 'vitest'
import { Deferrals } from './deferrals.ts'

it('lets a request wait longer each time, up to a minute', () => {
  const deferrals = new Deferrals()
  const waits: number[] = []
  for (let now = 0; waits.length < 9; ) {
    deferrals.put('r', now)
    let end = now
    while (deferrals.held(end).length > 0) end += 250
    waits.push(end - now)
    now = end
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
})

it('leaves half of the time to those that can be worked on, however many cannot', () => {
  const deferrals = new Deferrals()
  const TRY = 500
  let now = 0
  let tries = 0
  const bad = Array.from({ length: 100 }, (_, at) => `r${at}`)
  while (now < 3_600_000) {
    const held = deferrals.held(now)
    const due = bad.find((id) => !held.includes(id))
    if (due !== undefined) {
      tries++
      deferrals.put(due, now)
    }
    now += TRY
  }
  expect(tries * TRY).toBeLessThan(0.55 * now)
})

it('has all tried again at once when one of them has been answered', () => {
  const deferrals = new Deferrals()
  for (const id of ['one', 'two', 'three']) deferrals.put(id, 0)
  deferrals.answered('another')
  expect(deferrals.held(1)).toEqual(['one', 'two', 'three'])
  deferrals.answered('two')
  expect(deferrals.held(1)).toEqual([])
  deferrals.put('one', 1)
  expect([deferrals.held(1_000), deferrals.held(1_001)]).toEqual([['one'], []])
})

it('has none tried before its time because one of them has failed for good', () => {
  const deferrals = new Deferrals()
  for (const id of ['one', 'two']) deferrals.put(id, 0)
  deferrals.forget('two')
  expect(deferrals.held(1)).toEqual(['one'])
})

it('keeps no more than a thousand', () => {
  const deferrals = new Deferrals()
  for (let at = 0; at < 2_000; at++) deferrals.put(`r${at}`, at)
  expect(deferrals.held(2_000)).toHaveLength(1_000)
})
