import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { installationId } from './installation-id.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slw-id-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

it('is one and the same for workers that start at the same moment', async () => {
  const ids = await Promise.all(Array.from({ length: 16 }, () => installationId(directory)))
  expect(new Set(ids).size).toBe(1)
  expect(ids[0]).toMatch(/^[a-z0-9]{12}$/)
  expect(await readdir(directory)).toEqual(['installation'])
})

/** Reads the file again and again until the flag is set, and counts how often it was there but not whole. */
const OBSERVER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { readFileSync } = require('node:fs')
  let partial = 0
  parentPort.postMessage('watching')
  while (Atomics.load(workerData.stop, 0) === 0) {
    try {
      if (readFileSync(workerData.file, 'utf8').length !== 13) partial += 1
    } catch {}
  }
  parentPort.postMessage(partial)
`

it('is never seen half-made', async () => {
  const file = join(directory, 'installation')
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const observer = new Worker(OBSERVER, { eval: true, workerData: { file, stop } })
  try {
    await new Promise((resolve) => observer.once('message', resolve))
    for (let round = 0; round < 100; round += 1) {
      await installationId(directory)
      await rm(file)
    }
    const partial = new Promise((resolve) => observer.once('message', resolve))
    Atomics.store(stop, 0, 1)
    expect(await partial).toBe(0)
  } finally {
    await observer.terminate()
  }
})

it('is kept', async () => {
  await writeFile(join(directory, 'installation'), 'kept\n')
  expect(await installationId(directory)).toBe('kept')
})
