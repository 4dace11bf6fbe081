import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { startS3, type TestS3 } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
/** 5 GB with SLOW_TESTS=1; what holds for 300 MB in a test of everyday holds for them. */
const SIZE = process.env.SLOW_TESTS === '1' ? 5 * 1024 * MIB - 7 : 300 * MIB - 7
const [sqlite] = testStores

describe(`a body of ${Math.round(SIZE / MIB)} MiB`, () => {
  let s3: TestS3
  beforeAll(async () => {
    s3 = await startS3(await sqlite!.create())
    await s3.call('CreateBucket', { Bucket: 'large' })
  })
  afterAll(() => s3.stop())

  /** Bytes that differ from chunk to chunk, made as they are asked for. */
  function* chunks() {
    for (let at = 0; at < SIZE; at += 64 * 1024) {
      const chunk = Buffer.alloc(Math.min(64 * 1024, SIZE - at), (at / 65536) % 251)
      chunk.writeUInt32LE(at % 0xffffffff, 0)
      yield chunk
    }
  }

  /** Runs the work and tells by how much memory grew at most meanwhile. */
  async function growthDuring(work: () => Promise<void>): Promise<number> {
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 20)
    await work().finally(() => clearInterval(watch))
    return (most - before) / MIB
  }

  test('goes in and comes out with memory growing by less than 100 MB', { timeout: 600_000 }, async () => {
    const source = createHash('md5')
    for (const chunk of chunks()) source.update(chunk)
    const md5 = source.digest('hex')

    const onTheWayIn = await growthDuring(async () => {
      const put = await s3.call('PutObject', { Bucket: 'large', Key: 'k', Body: Readable.from(chunks()) })
      expect(put.ETag).toBe(`"${md5}"`)
    })
    const onTheWayOut = await growthDuring(async () => {
      const { Body, ContentLength } = await s3.call('GetObject', { Bucket: 'large', Key: 'k' })
      expect(ContentLength).toBe(SIZE)
      const read = createHash('md5')
      for await (const chunk of Body as Readable) read.update(chunk)
      expect(read.digest('hex')).toBe(md5)
    })
    expect(onTheWayIn).toBeLessThan(100)
    expect(onTheWayOut).toBeLessThan(100)
  })
})
