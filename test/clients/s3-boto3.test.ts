import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { otherAccount, otherEnvironment } from '../support/accounts.ts'
import { runClient } from '../support/python.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const CHECKS = [
  'buckets',
  'objects',
  'conditions',
  'keys',
  'lists',
  'copies',
  'multipart',
  'transfers',
  'checksums',
  'chunked',
  'presigned',
  'virtual_hosts',
  'encryption',
  'refusals',
]
const MIB = 1024 ** 2
/** 5 GB with SLOW_TESTS=1. */
const LARGE = process.env.SLOW_TESTS === '1' ? 5 * 1024 * MIB : 300 * MIB

describe('S3 with boto3', () => {
  let slipway: Slipway
  beforeAll(async () => {
    slipway = await startSlipway()
  })
  afterAll(() => slipway?.stop())

  test.each(CHECKS)('%s', async (check) => {
    expect(JSON.parse(await runClient('boto3/s3.py', slipway.env, [check]))).toEqual([check])
  })

  test(`a large object (${LARGE / MIB} MiB) moves with less than 100 MB of growth`, { timeout: 900_000 }, async () => {
    const before = await memoryOf(slipway.process.pid)
    expect(before).toBeGreaterThan(MIB)
    let most = before
    const watch = setInterval(async () => {
      most = Math.max(most, await memoryOf(slipway.process.pid))
    }, 100)
    await runClient('boto3/s3.py', { ...slipway.env, LARGE_BYTES: String(LARGE) }, ['large']).finally(() =>
      clearInterval(watch),
    )
    expect((most - before) / MIB).toBeLessThan(100)
  })
})

test('a bucket used from another account and by nobody in particular', { timeout: 180_000 }, async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    const env = { ...slipway.env, ...otherEnvironment(await otherAccount(slipway, '222222222222')) }
    expect(await runClient('boto3/cross_account_s3.py', env)).toContain('ok')
    expect(slipway.process.output()).not.toContain('a request failed')
  } finally {
    await slipway.stop()
  }
})

/** Resident bytes of a process and all below it. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(memoryOf))
  const own = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  return below.reduce((sum, bytes) => sum + bytes, own)
}
