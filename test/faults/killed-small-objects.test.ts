import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { workerPids } from '../support/worker-pids.ts'

const KEYS = 8
const ROUNDS = 3
/** From a few bytes to more than what lies in the database. */
const sizeOf = (turn: number) => 1 + ((turn * 1_237) % 24_000)

let directory: TemporaryDirectory
let slipway: Slipway
const start = () => startSlipway({ dataDir: directory.path, workers: 2, flags: ['--auth', 'trust'] })
beforeAll(async () => {
  directory = await temporaryDirectory()
  slipway = await start()
})
afterAll(async () => {
  await slipway?.stop()
  await directory?.remove()
})

const url = (path: string) => `${slipway.url}/outputs/${path}`
const bodyOf = (key: number, turn: number) => `${key}:${turn}:`.padEnd(sizeOf(turn), '.')
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

test('a server killed amid small writes has each acknowledged one whole, and no half of another', async () => {
  expect((await fetch(url(''), { method: 'PUT' })).status).toBe(200)
  const acknowledged = new Map<number, number>()
  const sent = new Map<number, number>()
  for (let round = 0; round < ROUNDS; round++) {
    let going = true
    const writers = Array.from({ length: KEYS }, async (_, key) => {
      for (let turn = (sent.get(key) ?? 0) + 1; going; turn++) {
        sent.set(key, turn)
        const put = fetch(url(`k${key}`), { method: 'PUT', body: bodyOf(key, turn) })
        const status = await put.then(
          async (answer) => [answer.status, await answer.text()][0],
          () => 'broken',
        )
        if (status === 200) acknowledged.set(key, turn)
        else return
      }
    })
    const before = [...acknowledged.values()].reduce((sum, turn) => sum + turn, 0)
    await eventually(() => {
      const now = [...acknowledged.values()].reduce((sum, turn) => sum + turn, 0)
      expect(now - before).toBeGreaterThan(40)
    }, 30_000)
    for (const pid of [slipway.process.pid, ...workerPids(slipway)]) process.kill(pid, 'SIGKILL')
    await slipway.process.ended
    going = false
    await Promise.all(writers)
    slipway = await start()
    for (let key = 0; key < KEYS; key++) {
      const answer = await fetch(url(`k${key}`))
      const text = await answer.text()
      if (answer.status === 404) {
        expect(acknowledged.get(key)).toBeUndefined()
        continue
      }
      const turn = Number(text.split(':')[1])
      expect(text).toBe(bodyOf(key, turn))
      expect(answer.headers.get('etag')).toBe(`"${md5(text)}"`)
      expect(turn).toBeGreaterThanOrEqual(acknowledged.get(key) ?? 0)
      expect(turn).toBeLessThanOrEqual(sent.get(key) ?? 0)
    }
  }
}, 120_000)
