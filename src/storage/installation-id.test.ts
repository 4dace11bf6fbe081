import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { installationId } from './installation-id.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slw-id-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

it('is one and the same for workers that start at the same moment', async () => {
  for (let round = 0; round < 20; round += 1) {
    await rm(join(directory, 'installation'), { force: true })
    const ids = await Promise.all(Array.from({ length: 16 }, () => installationId(directory)))
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[a-z0-9]{12}$/)
  }
  expect(await readdir(directory)).toEqual(['installation'])
})

it('is kept', async () => {
  await writeFile(join(directory, 'installation'), 'kept\n')
  expect(await installationId(directory)).toBe('kept')
})
