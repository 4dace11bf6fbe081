import { expect, it } from 'vitest'
import { SharedPreparation } from './shared-preparation.ts'

const never = new AbortController().signal

it('does the same work once for those who want it at once, and anew later', async () => {
  const shared = new SharedPreparation<number>()
  let count = 0
  const begin = async () => ++count
  expect(await Promise.all([shared.join('k', begin, never), shared.join('k', begin, never)])).toEqual([1, 1])
  expect(await shared.join('other', begin, never)).toBe(2)
  expect(await shared.join('k', begin, never)).toBe(3)
})

it('lets one leave without the others, and gives up when the last has left', async () => {
  const shared = new SharedPreparation<number>()
  const [first, second] = [new AbortController(), new AbortController()]
  let working: AbortSignal | undefined
  const begin = (signal: AbortSignal) => {
    working = signal
    return new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const joined = [shared.join('k', begin, first.signal), shared.join('k', begin, second.signal)]
  first.abort(new Error('first left'))
  await expect(joined[0]).rejects.toThrow('first left')
  expect(working?.aborted).toBe(false)
  second.abort(new Error('second left'))
  await expect(joined[1]).rejects.toThrow('second left')
  expect(working?.aborted).toBe(true)
  expect(await shared.join('k', async () => 7, never)).toBe(7)
})

it('tells everybody of a failure, and tries again for the next', async () => {
  const shared = new SharedPreparation<number>()
  const fail = () => Promise.reject(new Error('no'))
  const joined = [shared.join('k', fail, never), shared.join('k', fail, never)]
  for (const one of joined) await expect(one).rejects.toThrow('no')
  expect(await shared.join('k', async () => 1, never)).toBe(1)
})
