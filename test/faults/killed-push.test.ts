import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openRegistry, sha256 } from '../support/image-registry.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { workerPids } from '../support/worker-pids.ts'

let directory: TemporaryDirectory
let slipway: Slipway
beforeAll(async () => {
  directory = await temporaryDirectory()
  slipway = await startSlipway({ dataDir: directory.path, workers: 1 })
})
afterAll(async () => {
  await slipway?.stop()
  await directory?.remove()
})

const receiving = () => readdir(join(directory.path, 'images', 'tmp'))

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server killed in the middle of a push shows nothing of what was not whole, and the push goes on', async () => {
  const registry = await openRegistry(slipway, 'killed/push')
  const bytes = randomBytes(3_000_000)
  const digest = sha256(bytes)
  const location = (await registry.send('POST', 'blobs/uploads/')).headers.get('location') ?? ''
  const first = { headers: { 'content-range': '0-999999' }, body: bytes.subarray(0, 1_000_000) }
  expect((await registry.send('PATCH', location, first)).status).toBe(202)

  const endless = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(1_000_000, 2_500_000))
      },
    })
  const chunk = registry.send('PATCH', location, { body: endless() }).catch(() => 'broken')
  const whole = registry.send('POST', `blobs/uploads/?digest=${digest}`, { body: endless() }).catch(() => 'broken')
  await eventually(async () => expect(await receiving()).toHaveLength(2))
  const victims = [slipway.process.pid, ...workerPids(slipway)]
  for (const pid of victims) process.kill(pid, 'SIGKILL')
  expect(await Promise.all([chunk, whole])).toEqual(['broken', 'broken'])
  await slipway.process.ended
  // What a process leaves is taken for its own until it is gone from the system, which init may notice late.
  await eventually(() => expect(victims.filter(exists)).toEqual([]), 30_000)

  slipway = await startSlipway({ dataDir: directory.path, workers: 1 })
  const path = (text: string) => `${slipway.url}${text}`
  const headers = { authorization: registry.authorization }
  const base = new URL(registry.url).pathname
  expect((await fetch(path(`${base}/blobs/${digest}`), { method: 'HEAD', headers })).status).toBe(404)
  expect((await fetch(path(location), { headers })).headers.get('range')).toBe('0-999999')
  expect(await receiving()).toEqual([])
  const rest = { method: 'PUT', headers, body: bytes.subarray(1_000_000) }
  expect((await fetch(path(`${location}?digest=${digest}`), rest)).status).toBe(201)
  const got = await fetch(path(`${base}/blobs/${digest}`), { headers })
  expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
})
