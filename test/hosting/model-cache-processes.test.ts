import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openModelCache } from '../../src/services/sagemaker/hosting/model-data/model-cache.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'
import { type LocalS3, openLocalS3, rolePrincipal } from '../support/local-s3.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('model-cache-child.ts', import.meta.url))

let directory: TemporaryDirectory
let s3: LocalS3
let cache: string
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = await temporaryDirectory()
  cache = join(directory.path, 'models')
  s3 = await openLocalS3(join(directory.path, 's3'))
  const source = join(directory.path, 'source')
  await mkdir(source)
  await writeFile(join(source, 'weights'), randomBytes(2_000_000))
  const archive = join(directory.path, 'archive')
  await run('tar', ['czf', archive, '-C', source, '.'])
  await s3.putObject(rolePrincipal('x'), 'models', 'model.tar.gz', await readFile(archive))
})

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await directory.remove()
})

function start(mode = ''): { child: ChildProcess; outcome: Promise<{ path: string; files: number; cached: boolean }> } {
  const child = spawn(process.execPath, [CHILD, join(directory.path, 's3'), cache, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const outcome = text(child.stdout as NodeJS.ReadableStream).then((output) => JSON.parse(output) as never)
  outcome.catch(() => {})
  return { child, outcome }
}

const downloads = async () => (await s3.calls()).filter((line) => line.startsWith('get'))

it('several processes download a model once', async () => {
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => start().outcome))
  expect(outcomes.filter(({ cached }) => !cached)).toHaveLength(1)
  expect(new Set(outcomes.map(({ path }) => path)).size).toBe(1)
  expect(await downloads()).toHaveLength(1)
  expect(await readdir(join(cache, 'claims'))).toEqual([])
})

it('a download goes on in another process when its own is killed', async () => {
  const first = start('stall')
  await eventually(async () => expect(await readdir(join(cache, 'partial'))).toHaveLength(1))
  const second = start()
  await eventually(async () => expect((await s3.calls()).filter((line) => line.startsWith('head'))).toHaveLength(2))
  first.child.kill('SIGKILL')
  expect(await second.outcome).toMatchObject({ files: 1, cached: false })
  expect(await downloads()).toHaveLength(2)
  // Whoever goes on takes away what the one before had written.
  expect(await readdir(join(cache, 'partial'))).toEqual([])
  const sweeper = await openModelCache({
    directory: cache,
    s3,
    clock: systemClock,
    log: silentLogger,
    limits: { maximumBytes: 1, maximumFileBytes: 1, maximumEntries: 1, maximumRatio: 1 },
    maximumBytes: 1e9,
    mounted: async () => new Set(),
  })
  await sweeper.sweep()
  for (const name of ['partial', 'claims', 'trash']) expect(await readdir(join(cache, name))).toEqual([])
  expect(await readdir(join(cache, 'entries'))).toHaveLength(1)
})
