import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { workerPids } from '../support/worker-pids.ts'

let directory: TemporaryDirectory
let slipway: Slipway
const start = () => startSlipway({ dataDir: directory.path, workers: 1, flags: ['--auth', 'trust'] })
beforeAll(async () => {
  directory = await temporaryDirectory()
  slipway = await start()
})
afterAll(async () => {
  await slipway?.stop()
  await directory?.remove()
})

/** Of every file below the data directory. */
async function filesWith(text: string): Promise<string[]> {
  const entries = await readdir(directory.path, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const holding = await Promise.all(paths.map(async (path) => (await readFile(path)).includes(text)))
  return paths.filter((_, index) => holding[index])
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server killed in the middle of an upload keeps what was there, and what it had written cannot be read', async () => {
  const line = 'weights that nobody may read; '
  const url = (path: string) => `${slipway.url}/models/${path}`
  await fetch(url(''), { method: 'PUT' })
  expect((await fetch(url('k'), { method: 'PUT', body: line.repeat(10) })).status).toBe(200)
  const endless = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(line.repeat(100_000)))
    },
  })
  const broken = fetch(url('k'), { method: 'PUT', body: endless, duplex: 'half' } as RequestInit).catch(() => 'broken')
  const receiving = join(directory.path, 'objects', 'tmp')
  await eventually(async () => {
    const [name] = await readdir(receiving)
    expect((await readFile(join(receiving, name as string))).length).toBeGreaterThan(1_000_000)
  })
  expect(await filesWith('nobody may read')).toEqual([])
  const victims = [slipway.process.pid, ...workerPids(slipway)]
  for (const pid of victims) process.kill(pid, 'SIGKILL')
  expect(await broken).toBe('broken')
  await slipway.process.ended
  // What a process leaves is taken for its own until it is gone from the system, which init may notice late.
  await eventually(() => expect(victims.filter(exists)).toEqual([]), 30_000)

  slipway = await start()
  expect(await (await fetch(url('k'))).text()).toBe(line.repeat(10))
  expect(await readdir(receiving)).toEqual([])
  expect(await filesWith('nobody may read')).toEqual([])
})
