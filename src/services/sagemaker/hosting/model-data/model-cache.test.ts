import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalS3, openLocalS3, rolePrincipal } from '../../../../../test/support/local-s3.ts'
import { systemClock } from '../../../../shared/clock.ts'
import { BlobCorruptError, BlobMissingError } from '../../../../storage/blobs/blob-store.ts'
import { StorageUnavailableError } from '../../../../storage/errors.ts'
import { silentLogger } from '../../../../telemetry/log.ts'
import type { ModelData } from '../../models/resolved-container.ts'
import { type MaterialisedModel, type ModelCacheOptions, type ModelRequest, openModelCache } from './model-cache.ts'
import { ModelDataError } from './model-data-error.ts'

const run = promisify(execFile)
const principal = rolePrincipal('execution')
const limits = { maximumBytes: 1e8, maximumFileBytes: 1e8, maximumEntries: 100, maximumRatio: 200 }
const ARCHIVE: ModelData = { uri: 's3://models/iris/model.tar.gz', form: 'archive', etag: undefined }

let directory: string
let cacheDirectory: string
let s3: LocalS3
const mounted = new Set<string>()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slw-cache-'))
  cacheDirectory = join(directory, 'models')
  s3 = await openLocalS3(directory)
  await mkdir(cacheDirectory)
  mounted.clear()
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const open = (more: Partial<ModelCacheOptions> = {}) =>
  openModelCache({
    directory: cacheDirectory,
    s3,
    clock: systemClock,
    log: silentLogger,
    limits,
    maximumBytes: 1e9,
    mounted: async () => mounted,
    retryMilliseconds: [1, 1],
    ...more,
  })

const request = (data: ModelData = ARCHIVE, more: Partial<ModelRequest> = {}): ModelRequest => ({
  principal,
  data,
  container: 'container_1',
  timeoutSeconds: 60,
  signal: new AbortController().signal,
  ...more,
})

const put = (key: string, body: Uint8Array | string) => s3.putObject(principal, 'models', key, Buffer.from(body))

async function putArchive(key: string, content: Record<string, string | Buffer>): Promise<void> {
  const source = join(directory, 'source')
  for (const [name, text] of Object.entries(content)) {
    await mkdir(join(source, name, '..'), { recursive: true })
    await writeFile(join(source, name), text)
  }
  const file = join(directory, 'archive')
  await run('tar', ['czf', file, '-C', source, '.'])
  await put(key, await readFile(file))
  await rm(source, { recursive: true })
}

const downloads = async () => (await s3.calls()).filter((line) => line.startsWith('get'))

/** Nothing half-made: no download, claim or trash stays. */
async function expectNoLeftovers(entries: number): Promise<void> {
  for (const name of ['partial', 'claims', 'trash']) expect(await readdir(join(cacheDirectory, name))).toEqual([])
  expect(await readdir(join(cacheDirectory, 'entries'))).toHaveLength(entries)
}

async function failure(promise: Promise<unknown>): Promise<ModelDataError> {
  const error = await promise.then(
    () => expect.fail('was materialised'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ModelDataError)
  expect((error as Error).message).not.toContain(directory)
  return error as ModelDataError
}

describe('the forms of model data', () => {
  it('are an archive, unpacked and readable by everybody', async () => {
    await putArchive('iris/model.tar.gz', { 'model.json': '{}', 'code/inference.py': 'pass' })
    const model = await (await open()).materialise(request())
    expect(model).toMatchObject({ files: 2, bytes: 6, cached: false })
    expect(await readFile(join(model.path, 'code/inference.py'), 'utf8')).toBe('pass')
    expect((await stat(model.path)).mode & 0o777).toBe(0o755)
    await expectNoLeftovers(1)
  })

  it('are one object as a file', async () => {
    await put('weights/model.safetensors', 'weights')
    const data: ModelData = { uri: 's3://models/weights/model.safetensors', form: 'object', etag: undefined }
    const model = await (await open()).materialise(request(data))
    expect(await readdir(model.path)).toEqual(['model.safetensors'])
    expect(await readFile(join(model.path, 'model.safetensors'), 'utf8')).toBe('weights')
  })

  it('are every object below a prefix', async () => {
    await put('llm/config.json', '{}')
    await put('llm/weights/1', 'one')
    await put('llm/weights/2', '')
    await put('llm2/other', 'x')
    const data: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    const cache = await open()
    const model = await cache.materialise(request(data))
    expect(model).toMatchObject({ files: 3, bytes: 5 })
    expect((await readdir(model.path, { recursive: true })).sort()).toEqual([
      'config.json',
      'weights',
      'weights/1',
      'weights/2',
    ])
    expect((await stat(join(model.path, 'weights/1'))).mode & 0o777).toBe(0o644)
    await put('llm/weights/2', 'two')
    const changed = await cache.materialise(request(data))
    expect(changed.path).not.toBe(model.path)
    expect(await readFile(join(changed.path, 'weights/2'), 'utf8')).toBe('two')
    expect(await readFile(join(model.path, 'weights/2'), 'utf8')).toBe('')
  })

  it('may be named by https', async () => {
    await putArchive('iris/model.tar.gz', { a: 'x' })
    const uri = 'https://models.s3.us-east-1.amazonaws.com/iris/model.tar.gz'
    expect((await (await open()).materialise(request({ ...ARCHIVE, uri }))).files).toBe(1)
  })
})

describe('sharing', () => {
  it('downloads once for many at the same time, and for those after', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x'.repeat(100_000) })
    const [first, second] = [await open(), await open()]
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? first : second).materialise(request())),
    )
    expect(new Set(all.map(({ path }) => path)).size).toBe(1)
    expect(all.filter(({ cached }) => !cached)).toHaveLength(1)
    expect(await downloads()).toHaveLength(1)
    expect((await first.materialise(request())).cached).toBe(true)
    await expectNoLeftovers(1)
  })

  it('gives nobody what the role may not read', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x' })
    await put('llm/a', 'a')
    const cache = await open()
    const prefix: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    await cache.materialise(request())
    await cache.materialise(request(prefix))
    s3.denied.add('stranger')
    for (const data of [ARCHIVE, prefix]) {
      const error = await failure(cache.materialise(request(data, { principal: rolePrincipal('stranger') })))
      expect(error.detail).toContain('AccessDenied')
    }
  })

  it('shows what is encrypted under a key to those only who may decrypt it', async () => {
    await putArchive('iris/model.tar.gz', { model: '1' })
    await put('llm/weights', 'one')
    await put('llm/config.json', '{}')
    for (const key of ['iris/model.tar.gz', 'llm/weights']) s3.encrypted.add(key)
    const cache = await open()
    const prefix: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    const stranger = rolePrincipal('stranger')
    s3.keyless.add('stranger')
    for (const data of [ARCHIVE, prefix]) {
      const before = await failure(cache.materialise(request(data, { principal: stranger })))
      expect(before.detail).toContain('kms:Decrypt')
      const { path } = await cache.materialise(request(data))
      const after = await failure(cache.materialise(request(data, { principal: stranger })))
      expect(after.detail).toContain('kms:Decrypt')
      expect(await cache.materialise(request(data))).toMatchObject({ path, cached: true })
    }
    s3.keyless.clear()
    expect(await cache.materialise(request(ARCHIVE, { principal: stranger }))).toMatchObject({ cached: true })
    await expectNoLeftovers(2)
  })

  it('takes over from one who gives up', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x'.repeat(1000) })
    const cache = await open()
    const controller = new AbortController()
    s3.bodies.push(() => new Readable({ read() {} }))
    const slow = cache.materialise(request(ARCHIVE, { signal: controller.signal }))
    // The stalled body is for the first: the second may only come once that is being read.
    await expect.poll(downloads).toHaveLength(1)
    const waiting = cache.materialise(request())
    controller.abort(new Error('deleted'))
    await expect(slow).rejects.toThrow('deleted')
    expect((await waiting).cached).toBe(false)
    await expectNoLeftovers(1)
  })

  it('downloads again what has changed', async () => {
    await putArchive('iris/model.tar.gz', { model: 'old' })
    const cache = await open()
    const old = await cache.materialise(request())
    await putArchive('iris/model.tar.gz', { model: 'new' })
    const changed = await cache.materialise(request())
    expect(await readFile(join(changed.path, 'model'), 'utf8')).toBe('new')
    expect(await readFile(join(old.path, 'model'), 'utf8')).toBe('old')
  })

  it('does not mix an object with its successor when it changes under the download', async () => {
    await putArchive('iris/model.tar.gz', { model: 'old' })
    const cache = await open()
    s3.bodies.push(() =>
      Readable.from(
        (async function* () {
          yield Buffer.from([0x1f])
          await putArchive('iris/model.tar.gz', { model: 'new' })
          throw new Error('connection lost')
        })(),
      ),
    )
    const model = await cache.materialise(request())
    expect(await readFile(join(model.path, 'model'), 'utf8')).toBe('new')
    expect(await downloads()).toHaveLength(3)
    await expectNoLeftovers(1)
  })
})

describe('failures', () => {
  it('have the words of the service, for a missing object', async () => {
    const error = await failure((await open()).materialise(request()))
    expect(error.message).toBe(
      'Failed to download model data for container "container_1" from URL: "s3://models/iris/model.tar.gz". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.',
    )
    expect(error.transient).toBe(false)
  })

  it('have them for what is no archive', async () => {
    await put('iris/model.tar.gz', 'not a model')
    const error = await failure((await open()).materialise(request()))
    expect(error.message).toBe(
      'Failed to extract model data archive for container "container_1" from URL "s3://models/iris/model.tar.gz". Please ensure that the object located at the URL is a valid tar.gz archive. The object is not gzip-compressed.',
    )
    expect(await downloads()).toHaveLength(1)
    await expectNoLeftovers(0)
  })

  it('name an archive that leads out of its folder', async () => {
    const file = join(directory, 'evil')
    await writeFile(join(directory, 'x'), 'x')
    await run('tar', ['czPf', file, '--transform', 's,^x,../../x,', '-C', directory, 'x'])
    await put('iris/model.tar.gz', await readFile(file))
    const error = await failure((await open()).materialise(request()))
    expect(error.message).toContain('leads out of the model folder')
    await expectNoLeftovers(0)
  })

  it('name an empty prefix, and keys that cannot be files', async () => {
    const cache = await open()
    const data: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    expect((await failure(cache.materialise(request(data)))).detail).toContain('no object under the prefix')
    await put('llm/a', 'x')
    await put('llm/a/b', 'x')
    expect((await failure(cache.materialise(request(data)))).message).toContain('both an object and a folder')
    await expectNoLeftovers(0)
  })

  it('name limits, before anything is downloaded', async () => {
    await put('llm/a', 'x'.repeat(100))
    await put('llm/b', 'x'.repeat(100))
    const data: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    for (const less of [{ maximumBytes: 199 }, { maximumFileBytes: 99 }, { maximumEntries: 1 }]) {
      const cache = await open({ limits: { ...limits, ...less } })
      expect((await failure(cache.materialise(request(data)))).message).toMatch(/larger than|more than/)
    }
    expect(await downloads()).toEqual([])
  })

  it('name an ETag that is not the one asked for', async () => {
    await putArchive('iris/model.tar.gz', { a: 'x' })
    const error = await failure((await open()).materialise(request({ ...ARCHIVE, etag: '"abc"' })))
    expect(error.message).toContain('no longer has the ETag')
  })

  const breaking = (error: Error) => () =>
    Readable.from(
      (async function* () {
        yield Buffer.from([0x1f, 0x8b])
        throw error
      })(),
    )
  const eio = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })

  it.each([
    [new BlobCorruptError('x'), 'What is stored of the object is damaged: upload it again.', false],
    [new BlobMissingError('x'), 'What is stored of the object is gone: upload it again.', false],
    [eio, 'The object store could not be read (EIO).', true],
    [new StorageUnavailableError('x', { cause: eio }), 'The object store could not be read (EIO).', true],
  ])('say what is wrong with the store: %s', async (error, sentence, transient) => {
    await putArchive('iris/model.tar.gz', { model: 'x' })
    await put('llm/a', 'x')
    const data: ModelData = { uri: 's3://models/llm/', form: 'prefix', etag: undefined }
    for (const one of [ARCHIVE, data]) {
      s3.bodies.push(breaking(error))
      const failed = await failure((await open()).materialise(request(one)))
      expect(failed.message).toBe(
        `Failed to download model data for container "container_1" from URL: "${one.uri}". ${sentence}`,
      )
      expect(failed.transient).toBe(transient)
    }
    await expectNoLeftovers(0)
  })

  it('are not the model’s when the database is away', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x' })
    const away = new StorageUnavailableError('the database is locked')
    s3.bodies.push(breaking(away), breaking(away), breaking(away))
    await expect((await open()).materialise(request())).rejects.toBe(away)
    await expectNoLeftovers(0)
  })

  it('are tried again when they may pass, a few times', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x'.repeat(1000) })
    const cache = await open()
    const broken = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from([0x1f, 0x8b])
          throw new Error('connection lost')
        })(),
      )
    const short = (path: string) => createReadStream(path, { end: 20 })
    s3.bodies.push(broken, short)
    expect((await cache.materialise(request())).files).toBe(1)
    expect(await downloads()).toHaveLength(3)
    await rm(join(cacheDirectory, 'entries'), { recursive: true })
    await mkdir(join(cacheDirectory, 'entries'))
    s3.bodies.push(broken, broken, short)
    const error = await failure(cache.materialise(request()))
    expect(error.transient).toBe(true)
    expect(error.detail).toContain('the object ended after 21 of')
    await expectNoLeftovers(0)
  })

  it('come in time when the data does not', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x' })
    s3.bodies.push(() => new Readable({ read() {} }))
    const error = await failure((await open()).materialise(request(ARCHIVE, { timeoutSeconds: 0.3 })))
    expect(error.message).toContain('within 0.3 seconds')
    await expectNoLeftovers(0)
  })
})

describe('housekeeping', () => {
  const names = ['a', 'b', 'c']
  const data = (name: string): ModelData => ({ uri: `s3://models/${name}.tar.gz`, form: 'archive', etag: undefined })

  it('drops the least recently used, but nothing that is mounted or was used just now', async () => {
    for (const name of names) await putArchive(`${name}.tar.gz`, { [name]: name.repeat(1000) })
    const cache = await open({ maximumBytes: 1500, graceMilliseconds: 60_000 })
    const models: MaterialisedModel[] = []
    for (const name of names) models.push(await cache.materialise(request(data(name))))
    const exists = () =>
      Promise.all(
        models.map(({ path }) =>
          stat(path).then(
            () => true,
            () => false,
          ),
        ),
      )
    expect(await exists()).toEqual([true, true, true])
    const age = async (index: number, seconds: number) => {
      const then = new Date(Date.now() - seconds * 1000)
      await utimes(join(models[index]?.path ?? '', '../complete.json'), then, then)
    }
    await age(0, 3000)
    await age(1, 2000)
    await age(2, 1000)
    mounted.add(models[0]?.path ?? '')
    await cache.sweep()
    expect(await exists()).toEqual([true, false, false])
    expect((await cache.materialise(request(data('b')))).cached).toBe(false)
    await expectNoLeftovers(2)
  })

  it('drops nothing while it is not known what is mounted', async () => {
    await putArchive('a.tar.gz', { a: 'x'.repeat(1000) })
    const cache = await open({
      maximumBytes: 1,
      graceMilliseconds: 0,
      mounted: async () => {
        throw new Error('the engine is away')
      },
    })
    await cache.materialise(request(data('a')))
    await cache.sweep()
    expect(await readdir(join(cacheDirectory, 'entries'))).toHaveLength(1)
  })

  it('removes what a crash left, and not what lives', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x' })
    const cache = await open()
    s3.bodies.push(() => new Readable({ read() {} }))
    const controller = new AbortController()
    const living = cache.materialise(request(ARCHIVE, { signal: controller.signal }))
    await expect.poll(() => readdir(join(cacheDirectory, 'partial'))).toHaveLength(1)
    await mkdir(join(cacheDirectory, 'partial', `${'0'.repeat(64)}.dead/model`), { recursive: true })
    await mkdir(join(cacheDirectory, 'trash', 'half-deleted'))
    const dead = { token: 'dead', pid: 2 ** 22 + 1, started: '1', namespace: 'pid:[1]' }
    await writeFile(join(cacheDirectory, 'claims', '0'.repeat(64)), JSON.stringify(dead))
    await utimes(join(cacheDirectory, 'claims', '0'.repeat(64)), 1, 1)
    await cache.sweep()
    expect(await readdir(join(cacheDirectory, 'partial'))).toHaveLength(1)
    expect(await readdir(join(cacheDirectory, 'claims'))).toHaveLength(1)
    expect(await readdir(join(cacheDirectory, 'trash'))).toEqual([])
    controller.abort(new Error('enough'))
    await expect(living).rejects.toThrow('enough')
    await expectNoLeftovers(0)
  })

  it('does not trust content that a power cut may have eaten', async () => {
    await putArchive('iris/model.tar.gz', { model: 'x'.repeat(5000), other: 'y' })
    const cache = await open()
    const model = await cache.materialise(request())
    const marker = join(model.path, '../complete.json')
    const predate = async () => {
      const document = JSON.parse(await readFile(marker, 'utf8')) as object
      await writeFile(marker, JSON.stringify({ ...document, boot: 'an earlier boot' }))
    }
    await predate()
    expect((await cache.materialise(request())).cached).toBe(true)
    await predate()
    await truncate(join(model.path, 'model'), 0)
    const again = await cache.materialise(request())
    expect(again.cached).toBe(false)
    expect(await readFile(join(again.path, 'model'), 'utf8')).toHaveLength(5000)
    await writeFile(marker, '')
    expect((await cache.materialise(request())).cached).toBe(false)
    await expectNoLeftovers(1)
  })
})
