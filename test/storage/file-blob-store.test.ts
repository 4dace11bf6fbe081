import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BlobMissingError, type BlobStore, BlobTooLargeError } from '../../src/storage/blobs/blob-store.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import { StorageFullError, StorageUnavailableError } from '../../src/storage/errors.ts'
import { eventually } from '../support/eventually.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

let folder: string
let blobs: BlobStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-blobs-'))
  blobs = await openFileBlobStore(join(folder, 'objects'))
})
afterEach(async () => {
  await blobs.close()
  await rm(folder, { recursive: true, force: true })
})

const filesBelow = (path = join(folder, 'objects')): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
const chunked = (bytes: Uint8Array, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  )
const hash = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const read = async (blobId: string, range?: { start: number; end: number }) => buffer(await blobs.read(blobId, range))

describe('writing and reading', () => {
  test.each([0, 1, 65_536, 131_072, 131_073, 524_288, 524_289, 3_000_001])(
    '%i bytes come back with their digests',
    async (size) => {
      const bytes = randomBytes(size)
      const digests = ['MD5', 'SHA1', 'SHA256', 'CRC32', 'CRC32C', 'CRC64NVME'] as const
      const written = await blobs.write(chunked(bytes, 70_001), { digests })
      expect(written.size).toBe(size)
      expect(written.blobId).toMatch(/^[0-9a-f]{32}$/)
      expect(hex(written.digests.MD5)).toBe(hash('md5', bytes))
      expect(hex(written.digests.SHA1)).toBe(hash('sha1', bytes))
      expect(hex(written.digests.SHA256)).toBe(hash('sha256', bytes))
      expect(
        [written.digests.CRC32, written.digests.CRC32C, written.digests.CRC64NVME].map((crc) => crc.length),
      ).toEqual([4, 4, 8])
      expect((await read(written.blobId)).equals(bytes)).toBe(true)
    },
  )

  test('the checksums of CRC are those of S3', async () => {
    const { digests } = await blobs.write(Readable.from([Buffer.from('123456789')]), {
      digests: ['CRC32', 'CRC32C', 'CRC64NVME'],
    })
    expect([hex(digests.CRC32), hex(digests.CRC32C), hex(digests.CRC64NVME)]).toEqual([
      'cbf43926',
      'e3069283',
      'ae8b14860a799888',
    ])
  })

  test('reads a range, both ends counted', async () => {
    const bytes = randomBytes(1_000_000)
    const { blobId } = await blobs.write(chunked(bytes, 100_000), { digests: [] })
    expect((await read(blobId, { start: 0, end: 0 })).equals(bytes.subarray(0, 1))).toBe(true)
    expect((await read(blobId, { start: 300_000, end: 699_999 })).equals(bytes.subarray(300_000, 700_000))).toBe(true)
    expect((await read(blobId, { start: 999_990, end: 5_000_000 })).equals(bytes.subarray(999_990))).toBe(true)
  })

  test('many large bodies at once keep apart', async () => {
    const bodies = Array.from({ length: 12 }, (_, index) => randomBytes(700_000 + index * 100_000))
    const written = await Promise.all(bodies.map((body) => blobs.write(chunked(body, 65_536), { digests: ['SHA256'] })))
    for (const [index, { blobId, digests }] of written.entries()) {
      const body = bodies[index] ?? new Uint8Array()
      expect(hex(digests.SHA256)).toBe(hash('sha256', body))
      expect(hash('sha256', await read(blobId))).toBe(hash('sha256', body))
    }
  })

  test('a removed blob is missing, for later readers only', async () => {
    const { blobId } = await blobs.write(Readable.from([Buffer.from('kept')]), { digests: [] })
    const reader = await blobs.read(blobId)
    await blobs.remove(blobId)
    await blobs.remove(blobId)
    expect((await buffer(reader)).toString()).toBe('kept')
    await expect(blobs.read(blobId)).rejects.toThrow(BlobMissingError)
  })

  test.each(['../../etc/passwd', '', 'aa', '../tmp', 'A'.repeat(32)])('takes %j for no blob', async (blobId) => {
    await expect(blobs.read(blobId)).rejects.toThrow(BlobMissingError)
    await expect(blobs.remove(blobId)).rejects.toThrow(BlobMissingError)
  })

  test('keeps its files from other users', async () => {
    const { blobId } = await blobs.write(Readable.from([Buffer.from('x')]), { digests: [] })
    const shard = join(folder, 'objects', blobId.slice(0, 2))
    expect([statSync(shard), statSync(join(shard, blobId))].map(({ mode }) => (mode & 0o777).toString(8))).toEqual([
      '700',
      '600',
    ])
  })
})

describe('what goes wrong leaves nothing behind', () => {
  const endless = () =>
    (async function* () {
      for (;;) {
        yield Buffer.alloc(50_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()

  test.each([1_000, 400_000, 4_000_000])('a body of more than %i bytes that may have no more', async (maxBytes) => {
    await expect(blobs.write(endless(), { digests: ['MD5'], maxBytes })).rejects.toThrow(BlobTooLargeError)
    expect(filesBelow()).toEqual([])
  })

  test.each([1, 30])('a source that fails after %i chunks', async (count) => {
    const source = (async function* () {
      for (let index = 0; index < count; index++) yield Buffer.alloc(50_000)
      throw new Error('the client has gone')
    })()
    await expect(blobs.write(source, { digests: ['MD5'] })).rejects.toThrow('the client has gone')
    expect(filesBelow()).toEqual([])
  })

  test('a source that stalls until its signal aborts', async () => {
    const abort = new AbortController()
    const source = new Readable({ read() {} })
    source.push(Buffer.alloc(600_000))
    const writing = blobs.write(source, { digests: ['MD5'], signal: abort.signal })
    await eventually(() => expect(filesBelow()).toHaveLength(1))
    abort.abort(new Error('shutting down'))
    await expect(writing).rejects.toThrow('shutting down')
    expect(filesBelow()).toEqual([])
    await expect(blobs.write(endless(), { digests: [], signal: abort.signal })).rejects.toThrow('shutting down')
    expect(filesBelow()).toEqual([])
  })

  test('a check that refuses what has arrived', async () => {
    const seen: unknown[] = []
    const check = ({ size, digests }: { size: number; digests: { MD5: Uint8Array } }) => {
      seen.push(size, hex(digests.MD5))
      throw new Error('BadDigest')
    }
    const bytes = Buffer.from('hello')
    await expect(blobs.write(Readable.from([bytes]), { digests: ['MD5'], check })).rejects.toThrow('BadDigest')
    expect(seen).toEqual([5, hash('md5', bytes)])
    expect(filesBelow()).toEqual([])
  })

  test('a refused stream is not destroyed: its request is still to be answered', async () => {
    const source = Readable.from([Buffer.alloc(10), Buffer.alloc(10), Buffer.alloc(10)])
    await expect(blobs.write(source, { digests: [], maxBytes: 15 })).rejects.toThrow(BlobTooLargeError)
    expect(source.destroyed).toBe(false)
    source.destroy()
  })

  test('chunks that are no bytes', async () => {
    const source = Readable.from(['text']) as AsyncIterable<never>
    await expect(blobs.write(source, { digests: [] })).rejects.toThrow(TypeError)
    expect(filesBelow()).toEqual([])
  })
})

const disk = mountSmallDisk(3)
test.skipIf(disk === undefined)(
  'a full disk refuses the body, large or small, and takes the next when there is room',
  async () => {
    if (disk === undefined) return
    const small = await openFileBlobStore(join(disk.folder, 'objects'))
    try {
      const write = (size: number) => small.write(chunked(Buffer.alloc(size), 65_536), { digests: ['MD5'] })
      await expect(write(8_000_000)).rejects.toThrow(StorageFullError)
      expect(filesBelow(disk.folder)).toEqual([])
      const filler = await write(2_400_000)
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => write(100_000)))
      const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(failed.length).toBeGreaterThan(0)
      for (const reason of failed) expect(reason).toBeInstanceOf(StorageFullError)
      expect(filesBelow(disk.folder)).toHaveLength(1 + 10 - failed.length)
      await small.remove(filler.blobId)
      await write(1_000_000)
    } finally {
      await small.close()
      disk.unmount()
    }
  },
)

test('a folder that cannot be used is refused in a sentence', async () => {
  writeFileSync(join(folder, 'file'), '')
  await expect(openFileBlobStore(join(folder, 'file', 'objects'))).rejects.toThrow(StorageUnavailableError)
})

test('removes what dead writers have left, and nothing of those that live', async () => {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  const temp = join(folder, 'objects', 'tmp')
  const names = {
    dead: `${hostname()}~${child.pid}~t~1`,
    parent: `${hostname()}~${process.ppid}~t~2`,
    elsewhere: 'other-machine~1~t~3',
    forgotten: 'other-machine~1~t~4',
  }
  for (const name of Object.values(names)) writeFileSync(join(temp, name), 'half')
  utimesSync(join(temp, names.forgotten), 1_000, 1_000)
  const source = new Readable({ read() {} })
  source.push(Buffer.from('still '))
  const writing = blobs.write(source, { digests: [] })
  await eventually(() => expect(readdirSync(temp)).toHaveLength(5))

  const second = await openFileBlobStore(join(folder, 'objects'))
  expect(
    readdirSync(temp)
      .filter((name) => Object.values(names).includes(name))
      .sort(),
  ).toEqual([names.elsewhere, names.parent].sort())
  source.push(Buffer.from('writing'))
  source.push(null)
  expect((await read((await writing).blobId)).toString()).toBe('still writing')
  await second.close()
})

test('sweeps the blobs that nobody refers to, once they are old enough', async () => {
  const ids: string[] = []
  for (let index = 0; index < 30; index++) {
    ids.push((await blobs.write(Readable.from([Buffer.from(`${index}`)]), { digests: [] })).blobId)
  }
  const kept = new Set(ids.filter((_, index) => index % 3 === 0))
  const asked: string[] = []
  const referenced = async (blobIds: readonly string[]) => {
    asked.push(...blobIds)
    return kept
  }
  expect(await blobs.sweepOrphans({ writtenBefore: Date.now() - 60_000, referenced })).toBe(0)
  expect(asked).toEqual([])
  expect(await blobs.sweepOrphans({ writtenBefore: Date.now() + 1_000, referenced })).toBe(20)
  expect(asked.sort()).toEqual([...ids].sort())
  expect(filesBelow().sort()).toEqual([...kept].sort())
  await expect(
    blobs.sweepOrphans({
      writtenBefore: Date.now() + 1_000,
      referenced,
      signal: AbortSignal.abort(new Error('draining')),
    }),
  ).rejects.toThrow('draining')
})
