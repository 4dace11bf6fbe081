import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { type Accepted, type AsyncEndpoint, deployAsync } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { servingWorkers } from '../support/worker-pids.ts'

const MIB = 1024 ** 2
const SLOW = process.env.SLOW_TESTS === '1'
/** The most that SageMaker takes with SLOW_TESTS=1; what holds for 64 MiB in a test of everyday holds for it. */
const SIZE = SLOW ? 1024 * MIB : 64 * MIB - 7
const AT_ONCE = 4
/** Bytes; four of the small ones that were held whole would be more, too. */
const MOST_GROWTH = 100e6

describe.skipIf(lacksEngine('docker'))(`asynchronous inference over ${SIZE} bytes`, () => {
  let hosting: HostingFixture
  let endpoint: AsyncEndpoint
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker')
    endpoint = await deployAsync(hosting, 'large', { maxConcurrency: AT_ONCE })
  })
  afterAll(() => hosting?.stop())

  /** What the worker has of memory now, in bytes. */
  const memory = () => {
    const kilobytes = servingWorkers(hosting.slipway).map((pid) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    )
    expect(kilobytes).toHaveLength(1)
    return (kilobytes[0] as number) * 1024
  }
  const digestOf = async (key: string): Promise<string> => {
    const { url, region, accessKeyId, secretAccessKey } = hosting.slipway
    const target = `/${endpoint.bucket}/${key}`
    const signed = signRequest({ method: 'GET', target, headers: { host: new URL(url).host } }, Buffer.alloc(0), {
      credentials: { accessKeyId, secretAccessKey },
      region,
      service: 's3',
      now: Date.now(),
    })
    const answer = await fetch(`${url}${target}`, { headers: signed })
    const digest = createHash('sha256')
    for await (const part of answer.body!) digest.update(part as Uint8Array)
    return digest.digest('hex')
  }
  const sendAll = async (name: string, input: string): Promise<readonly Accepted[]> => {
    const accepted: Accepted[] = []
    for (let at = 0; at < AT_ONCE; at++)
      accepted.push((await endpoint.send(`${name}-${tries}-${at}`, { input, commands: 'relay' })) as Accepted)
    return accepted
  }
  const outputsOf = (accepted: readonly Accepted[]) =>
    eventually(
      async () => {
        const [outputs, failures] = [await endpoint.keys('out/'), await endpoint.keys('fail/')]
        expect(accepted.filter(({ failure }) => failures.has(failure))).toEqual([])
        expect(accepted.filter(({ output }) => !outputs.has(output))).toEqual([])
      },
      SLOW ? 600_000 : 60_000,
      100,
    )

  it(`has ${AT_ONCE} at once pass through the container whole, in less than 100 MB`, {
    timeout: SLOW ? 900_000 : 90_000,
  }, async () => {
    tries++
    const body = Buffer.alloc(SIZE)
    // No part is like another.
    for (let at = 0; at + 4 <= SIZE; at += 4096) body.writeUInt32LE(at, at)
    const digest = createHash('sha256').update(body).digest('hex')
    await hosting.api.putObject(endpoint.bucket, 'in/large', body)
    // A worker that has done nothing yet: neither has its memory grown by what was before, nor has its collector learned from it.
    await hosting.restart('SIGTERM')
    await eventually(() => expect(servingWorkers(hosting.slipway)).toHaveLength(1))
    await hosting.settled('large', 60_000)
    const before = memory()
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, memory())
    }, 20)
    try {
      const accepted = await sendAll('large', 'in/large')
      await outputsOf(accepted)
      clearInterval(watch)
      for (const { output } of accepted) expect(await digestOf(output)).toBe(digest)
    } finally {
      clearInterval(watch)
    }
    console.info(
      `${AT_ONCE} of ${Math.round(SIZE / 1e6)} MB: ${Math.round((most - before) / 1e6)} MB more than at the start`,
    )
    expect(most - before).toBeLessThan(MOST_GROWTH)
    const stored = await endpoint.notifications()
    expect(stored.filter(({ invocationStatus }) => invocationStatus === 'Failed')).toEqual([])
    await hosting.api.deleteObject(endpoint.bucket, 'in/large')
  })
})
