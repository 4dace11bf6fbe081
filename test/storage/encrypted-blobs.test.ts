import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BlobCorruptError, type BlobSeal, type BlobStore } from '../../src/storage/blobs/blob-store.ts'
import { openFileBlobStore } from '../../src/storage/blobs/files/file-blob-store.ts'
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '../../src/storage/blobs/sealed-chunks.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

let directory: TemporaryDirectory
let folder: string
let blobs: BlobStore
beforeEach(async () => {
  directory = await temporaryDirectory()
  folder = join(directory.path, 'objects')
  blobs = await openFileBlobStore(folder)
})
afterEach(async () => {
  await blobs.close()
  await directory.remove()
})

const pathOf = (blobId: string) => join(folder, blobId.slice(0, 2), blobId)
const write = async (bytes: Uint8Array, key = randomBytes(32)): Promise<{ blobId: string; seal: BlobSeal }> => {
  const pieces = Readable.from(bytes.length === 0 ? [] : [bytes.subarray(0, 70_001), bytes.subarray(70_001)])
  const { blobId, size } = await blobs.write(pieces, { digests: ['MD5'], key })
  expect(size).toBe(bytes.length)
  return { blobId, seal: { key, size } }
}

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state
  }
}

describe('encrypted blobs', () => {
  const SIZES = [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 131_072, 131_073, 524_288, 524_289, 1_500_001]

  test.each(SIZES)('of %i bytes come back whole and in ranges at every edge of a chunk', async (size) => {
    const bytes = randomBytes(size)
    const { blobId, seal } = await write(bytes)
    expect((await buffer(await blobs.read(blobId, undefined, seal))).equals(bytes)).toBe(true)
    const edges = [0, size]
    for (let edge = CHUNK_BYTES; edge < size; edge += CHUNK_BYTES) edges.push(edge)
    const places = [...new Set(edges.flatMap((edge) => [edge - 1, edge, edge + 1]))].filter(
      (at) => at >= 0 && at < size,
    )
    const random = numbers(size)
    const range = (first: number, last: number) => ({ start: Math.min(first, last), end: Math.max(first, last) })
    const ranges = [
      ...places.flatMap((first) => places.slice(0, 12).map((last) => range(first, last))),
      ...Array.from({ length: 40 }, () => range(random.next().value % size, random.next().value % size)),
    ]
    for (const { start, end } of ranges) {
      const read = await buffer(await blobs.read(blobId, { start, end }, seal))
      expect(read.equals(bytes.subarray(start, end + 1)), `${start}-${end}`).toBe(true)
    }
  })

  test('show nothing of what they hold, not even where it repeats', async () => {
    const marker = Buffer.from('the weights of the model ')
    const bytes = Buffer.concat(Array.from({ length: 40_000 }, () => marker))
    const { blobId } = await write(bytes)
    const stored = readFileSync(pathOf(blobId))
    expect(stored.length).toBe(bytes.length + 16 * Math.ceil(bytes.length / CHUNK_BYTES))
    expect(stored.includes(marker.subarray(0, 8))).toBe(false)
    const seen = new Set<string>()
    for (let at = 0; at + 16 <= stored.length; at += 16) seen.add(stored.subarray(at, at + 16).toString('latin1'))
    expect(seen.size).toBe(Math.floor(stored.length / 16))
  })

  const whole = (count: number, from = 0) => [from * SEALED_CHUNK_BYTES, (from + count) * SEALED_CHUNK_BYTES] as const
  test.each<[string, (stored: Buffer) => Buffer]>([
    ['a flipped bit', (stored) => Buffer.from(stored).fill((stored[100] as number) ^ 1, 100, 101)],
    [
      'a flipped bit of a tag',
      (stored) => Buffer.from(stored).fill((stored[CHUNK_BYTES] as number) ^ 1, CHUNK_BYTES, CHUNK_BYTES + 1),
    ],
    [
      'two chunks in each other’s place',
      (stored) =>
        Buffer.concat([stored.subarray(...whole(1, 1)), stored.subarray(...whole(1)), stored.subarray(whole(2)[1])]),
    ],
    [
      'a chunk that is missing',
      (stored) => Buffer.concat([stored.subarray(...whole(1)), stored.subarray(whole(2)[1])]),
    ],
    ['an end cut off at a chunk', (stored) => stored.subarray(...whole(2))],
    ['an end cut off within a chunk', (stored) => stored.subarray(0, -1)],
    ['nothing at all', () => Buffer.alloc(0)],
  ])('are refused with %s', async (_what, change) => {
    const bytes = randomBytes(3 * CHUNK_BYTES - 5)
    const { blobId, seal } = await write(bytes)
    writeFileSync(pathOf(blobId), change(readFileSync(pathOf(blobId))))
    const read = blobs.read(blobId, undefined, seal).then(buffer)
    await expect(read).rejects.toThrow(BlobCorruptError)
    await expect(read).rejects.toThrow(blobId)
  })

  test('a chunk that is broken far from its beginning ends the stream, and nothing of it is passed on', async () => {
    const bytes = randomBytes(10 * CHUNK_BYTES)
    const { blobId, seal } = await write(bytes)
    const stored = readFileSync(pathOf(blobId))
    stored[7 * SEALED_CHUNK_BYTES] = (stored[7 * SEALED_CHUNK_BYTES] as number) ^ 1
    writeFileSync(pathOf(blobId), stored)
    const received: Uint8Array[] = []
    const reading = (async () => {
      for await (const chunk of await blobs.read(blobId, undefined, seal)) received.push(chunk as Uint8Array)
    })()
    await expect(reading).rejects.toThrow(BlobCorruptError)
    const read = Buffer.concat(received)
    expect(read.length).toBeLessThanOrEqual(7 * CHUNK_BYTES)
    expect(read.equals(bytes.subarray(0, read.length))).toBe(true)
    // What is whole can still be read.
    const range = { start: 8 * CHUNK_BYTES, end: 10 * CHUNK_BYTES - 1 }
    expect((await buffer(await blobs.read(blobId, range, seal))).equals(bytes.subarray(range.start))).toBe(true)
  })

  test('do not open with the key of another, nor in its place', async () => {
    const first = await write(randomBytes(100))
    const second = await write(randomBytes(100))
    await expect(blobs.read(first.blobId, undefined, second.seal)).rejects.toThrow(BlobCorruptError)
    writeFileSync(pathOf(first.blobId), readFileSync(pathOf(second.blobId)))
    await expect(blobs.read(first.blobId, undefined, first.seal)).rejects.toThrow(BlobCorruptError)
  })

  test('a stream that nobody reads to its end lets go of the file', async () => {
    const { blobId, seal } = await write(randomBytes(2_000_000))
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    const streams = await Promise.all(Array.from({ length: 20 }, () => blobs.read(blobId, undefined, seal)))
    expect(open()).toBe(before + 20)
    await Promise.all(
      streams.map((stream) => {
        const closed = new Promise((resolve) => stream.once('close', resolve))
        stream.destroy()
        return closed
      }),
    )
    expect(open()).toBe(before)
  })
})
