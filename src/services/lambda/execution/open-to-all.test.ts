import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryDirectoryForAll } from './open-to-all.ts'

let directory: string
let open: string
let within: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slw-open-'))
  await chmod(directory, 0o711)
  open = join(directory, 'open')
  await mkdir(open)
  await chmod(open, 0o755)
  const closed = join(directory, 'closed')
  within = join(closed, 'open')
  await mkdir(within, { recursive: true })
  await chmod(closed, 0o700)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

it('passes by what is missing, and what lies below a private directory', async () => {
  expect(await temporaryDirectoryForAll([join(directory, 'missing'), within, open])).toBe(open)
})

it('takes the first that everybody can reach', async () => {
  expect(await temporaryDirectoryForAll([open, '/'])).toBe(open)
})

it('takes the usual one when nothing is better', async () => {
  expect(await temporaryDirectoryForAll([within])).toBe(tmpdir())
})
