import { expect, it } from 'vitest'
import { retryOvertaken } from './overtaken.ts'

const signal = new AbortController().signal

it('lets everybody through who changes one thing, and passes other errors on at once', async () => {
  let value = 0
  const overtaken = new Error('overtaken')
  const add = async () => {
    const read = value
    await new Promise((resolve) => setImmediate(resolve))
    if (read !== value) throw overtaken
    value++
  }
  await Promise.all(Array.from({ length: 100 }, () => retryOvertaken(add, (error) => error === overtaken, signal)))
  expect(value).toBe(100)
  let calls = 0
  const fail = async () => {
    calls++
    throw new Error('another')
  }
  await expect(retryOvertaken(fail, (error) => error === overtaken, signal)).rejects.toThrow('another')
  expect(calls).toBe(1)
})

it('ends with its signal, and with the error when it goes on', async () => {
  const aborting = new AbortController()
  const never = retryOvertaken(
    () => Promise.reject(new Error('overtaken')),
    () => true,
    aborting.signal,
  )
  aborting.abort(new Error('gone'))
  await expect(never).rejects.toThrow('gone')
  let calls = 0
  const always = () => {
    calls++
    return Promise.reject(new Error('overtaken'))
  }
  await expect(retryOvertaken(always, () => true, signal)).rejects.toThrow('overtaken')
  expect(calls).toBe(60)
}, 10_000)
