import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { givesUp, ping, pingUntilHealthy } from './ping.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(statuses: readonly number[]): Promise<string> {
  let next = 0
  const server = createServer((_, response) => {
    response.writeHead(statuses[Math.min(next++, statuses.length - 1)] ?? 200).end('x'.repeat(100_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close().closeAllConnections())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const never = new AbortController().signal
const soon = () => performance.now() + 10_000

it('takes only 200 for healthy', async () => {
  expect(await ping(await serve([200]), never)).toBeUndefined()
  expect(await ping(await serve([204]), never)).toEqual({ text: '/ping answered 204', slow: false })
  expect(await ping('127.0.0.1:0', never)).toMatchObject({ slow: false })
})

it('pings until the answer is 200', async () => {
  expect(await pingUntilHealthy(await serve([503, 404, 200]), soon(), async () => true, never)).toBeUndefined()
})

it('says what the last ping found when the time is over or the container has ended', async () => {
  const address = await serve([503])
  const problem = { text: '/ping answered 503', slow: false }
  expect(await pingUntilHealthy(address, performance.now(), async () => true, never)).toEqual(problem)
  expect(await pingUntilHealthy(address, soon(), async () => false, never)).toEqual(problem)
})

it('stops when it is told to', async () => {
  const controller = new AbortController()
  const waiting = pingUntilHealthy(await serve([503]), soon(), async () => true, controller.signal)
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

it('is more patient with what is slow than with what fails', () => {
  const problems = (failed: number, slow: number) => [
    ...Array(failed).fill({ text: '', slow: false }),
    ...Array(slow).fill({ text: '', slow: true }),
  ]
  expect(givesUp(problems(2, 7))).toBe(false)
  expect(givesUp(problems(3, 0))).toBe(true)
  expect(givesUp(problems(0, 9))).toBe(false)
  expect(givesUp(problems(0, 10))).toBe(true)
})
