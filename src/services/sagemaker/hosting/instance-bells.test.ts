import { expect, it } from 'vitest'
import { InstanceBells } from './instance-bells.ts'

const never = new AbortController().signal

it('wakes who waits, and remembers a ring while nobody does', async () => {
  const bells = new InstanceBells()
  const bell = bells.listen('i')
  const waiting = bell.wait(60_000, never)
  bells.ring('other')
  bells.ring('i')
  expect(await waiting).toBe(true)
  bells.ring('i')
  bells.ring('i')
  expect(await bell.wait(60_000, never)).toBe(true)
  expect(await bell.wait(1, never)).toBe(false)
})

it('stops with the signal, and rings for nobody once it is closed', async () => {
  const bells = new InstanceBells()
  const bell = bells.listen('i')
  const controller = new AbortController()
  const waiting = bell.wait(60_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  bell.close()
  bells.ring('i')
  expect(await bell.wait(1, never)).toBe(false)
})
