import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ModelCache, openModelCache } from '../../src/services/sagemaker/hosting/model-data/model-cache.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type LocalS3, openLocalS3, rolePrincipal } from '../support/local-s3.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const MIB = 1024 * 1024

let directory: TemporaryDirectory
let disk: string
let isMounted = false
let s3: LocalS3
let cache: ModelCache

beforeAll(async () => {
  directory = await temporaryDirectory()
  disk = join(directory.path, 'disk')
  await mkdir(disk)
  s3 = await openLocalS3(join(directory.path, 's3'))
  isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'slipway-test', disk]).then(
    () => true,
    () => false,
  )
  cache = await openModelCache({
    directory: join(disk, 'models'),
    s3,
    clock: systemClock,
    log: silentLogger,
    limits: { maximumBytes: 1e9, maximumFileBytes: 1e9, maximumEntries: 1000, maximumRatio: 1000 },
    maximumBytes: 1e9,
    mounted: async () => new Set(),
  })
})

afterAll(async () => {
  if (isMounted) await run('umount', [disk])
  await directory.remove()
})

async function put(name: string, content: Buffer): Promise<void> {
  const source = join(directory.path, name)
  await mkdir(source)
  await writeFile(join(source, 'weights'), content)
  await run('tar', ['czf', `${source}.tar.gz`, '-C', source, '.'])
  await s3.putObject(rolePrincipal('x'), 'models', name, await readFile(`${source}.tar.gz`))
}

const materialise = (name: string) =>
  cache.materialise({
    principal: rolePrincipal('execution'),
    data: { uri: `s3://models/${name}`, form: 'archive', etag: undefined },
    container: 'container_1',
    timeoutSeconds: 60,
    signal: new AbortController().signal,
  })

it('a full disk is told, leaves nothing half-made, and is made room on if that helps', async (test) => {
  if (!isMounted) test.skip('a file system of its own cannot be mounted here')
  await put('small', randomBytes(5 * MIB))
  await put('zeros', Buffer.alloc(20 * MIB))
  await put('large', randomBytes(20 * MIB))
  await put('other', randomBytes(4 * MIB))
  const small = await materialise('small')
  for (const name of ['zeros', 'large']) {
    await expect(materialise(name)).rejects.toMatchObject({
      message: expect.stringMatching(/^Failed to download model data .* no space left on the disk/),
      transient: false,
    })
    for (const folder of ['partial', 'claims', 'trash']) {
      expect(await readdir(join(disk, 'models', folder))).toEqual([])
    }
  }
  // The small model is not in use and has not been for long: it gives way.
  await expect(materialise('other')).rejects.toThrow('no space left')
  await utimes(join(small.path, '../complete.json'), 1, 1)
  expect(await materialise('other')).toMatchObject({ files: 1, cached: false })
  expect(await readdir(join(disk, 'models/entries'))).toHaveLength(1)
})
