import { expect, it } from 'vitest'
import { sideBySide } from './side-by-side.ts'

const never = new AbortController().signal
const untilAborted = (signal: AbortSignal) =>
  new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

it('comes to all results in the order of the tasks', async () => {
  const results = await sideBySide([async () => 'a', async () => 'b'], () => 0, never)
  expect(results).toEqual([
    { ok: true, value: 'a' },
    { ok: true, value: 'b' },
  ])
})

it('breaks the others off when one fails and there is no patience', async () => {
  const wrong = new Error('wrong')
  const results = await sideBySide([untilAborted, () => Promise.reject(wrong)], () => 0, never)
  expect(results).toEqual([undefined, { ok: false, error: wrong }])
})

it('gives the others time to come to an end of their own', async () => {
  const [wrong, bad] = [new Error('wrong'), new Error('bad')]
  const later = async () => {
    await new Promise(setImmediate)
    throw bad
  }
  const soon = async () => {
    await new Promise(setImmediate)
    return 'fine'
  }
  const results = await sideBySide([later, () => Promise.reject(wrong), soon], () => 10_000, never)
  expect(results).toEqual([
    { ok: false, error: bad },
    { ok: false, error: wrong },
    { ok: true, value: 'fine' },
  ])
})

it('ends with the reason of whoever breaks it off', async () => {
  const outer = new AbortController()
  const running = sideBySide([untilAborted, untilAborted], () => 0, outer.signal)
  const reason = new Error('over')
  outer.abort(reason)
  expect(await running).toContainEqual({ ok: false, error: reason })
})
