import { execFile, execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Accepted, type AsyncEndpoint, deployAsync } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { openQueueRows, type QueueRows } from '../support/queue-rows.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { fillDisk, mountSmallDisk } from '../support/small-disk.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
const disk = lacksEngine('docker') ? undefined : mountSmallDisk(96)

describe.skipIf(disk === undefined)('asynchronous inference on a disk that takes no more', () => {
  let hosting: HostingFixture
  let endpoint: AsyncEndpoint
  let rows: QueueRows
  let tries = 0
  const dataDir = join(disk?.folder ?? '', 'data')
  const objects = join(dataDir, 'objects')
  const filler = join(disk?.folder ?? '', 'filler')
  beforeAll(async () => {
    hosting = await startHosting('docker', { dataDir })
    endpoint = await deployAsync(hosting, 'full', { maxConcurrency: 2 })
    rows = await openQueueRows(dataDir)
  })
  afterAll(async () => {
    await rows?.close()
    await hosting?.stop()
    disk?.unmount()
  })

  const send = async (name: string, commands: string): Promise<Accepted> =>
    (await endpoint.send(`${name}-${tries}`, { body: commands, type: 'text/x-commands' })) as Accepted
  const queue = async () => {
    const { stdout } = await promisify(execFile)(PROGRAM, ['queue', endpoint.name, '--data-dir', dataDir, '--json'])
    return JSON.parse(stdout) as {
      putBack: { reason: string; requests: number }[]
      failures: unknown[]
    }
  }
  /** All have come to a good end, and all are told. */
  const done = async (accepted: readonly Accepted[]) => {
    await eventually(async () => {
      const keys = await endpoint.keys('out/')
      expect(accepted.filter(({ output }) => !keys.has(output))).toEqual([])
    }, 30_000)
    const told = new Set<string | undefined>()
    await eventually(async () => {
      for (const { inferenceId, invocationStatus } of await endpoint.notifications())
        if (invocationStatus === 'Completed') told.add(inferenceId)
      expect(accepted.filter(({ inferenceId }) => !told.has(inferenceId))).toEqual([])
    })
    expect([(await endpoint.keys('fail/')).size, (await queue()).failures]).toEqual([0, []])
  }
  const logged = (id: string, text: string | RegExp) =>
    eventually(async () => {
      const lines = (await hosting.printed(endpoint.name)).filter((line) => line.includes(`[${id}]`))
      expect(lines.join('\n')).toMatch(text)
    }, 20_000)

  it('keeps all that it has accepted, and goes on by itself when there is space', { timeout: 90_000 }, async () => {
    tries++
    const accepted = [await send('held1', 'sleep=2000;size=100000'), await send('held2', 'sleep=2000;size=100000')]
    for (let at = 0; at < 6; at++) accepted.push(await send(`waiting${at}`, `size=${at % 2 === 0 ? 100_000 : 1_000}`))
    await eventually(async () => expect((await rows.counts()).held).toBe(2))
    const before = hosting.slipway.process.output().length
    await fillDisk(filler)
    try {
      await eventually(
        () => expect(hosting.slipway.process.output().slice(before)).toMatch(/request was put back.*/),
        20_000,
      )
      // Whoever sends one hears of it; what is accepted all the same is kept like the others.
      let refusals = 0
      for (let at = 0; at < 40 && refusals < 2; at++) {
        const answer = await send(`late${at}`, `type=text/plain;body=${'x'.repeat(20_000)}`).catch(
          (error: Error) => error,
        )
        if (answer instanceof Error) {
          expect(answer.message).toMatch(/^503 .*There is no space left on the server's disk/)
          refusals++
        } else accepted.push(answer)
      }
      expect(refusals).toBe(2)
      expect((await hosting.describe(endpoint.name)).EndpointStatus).toBe('InService')
    } finally {
      await rm(filler)
    }
    await done(accepted)
    await logged(`held1-${tries}`, /The request was put back: .*(full|no space)[\s\S]*succeeded/i)
  })

  it('works on what needs no file while the object store takes none, and on the rest when it does', {
    timeout: 60_000,
  }, async () => {
    tries++
    // The directory stays what it is; nothing can be written there.
    execFileSync('mount', ['--bind', objects, objects])
    execFileSync('mount', ['-o', 'remount,bind,ro', objects])
    const accepted: Accepted[] = []
    try {
      for (let at = 0; at < 4; at++) accepted.push(await send(`large${at}`, 'size=100000'))
      const small = [await send('small1', 'size=1000'), await send('small2', 'size=1000')]
      // Both slots are asked for by what cannot be stored: they do not keep them.
      await eventually(async () => {
        const keys = await endpoint.keys('out/')
        expect(small.filter(({ output }) => !keys.has(output))).toEqual([])
      }, 20_000)
      accepted.push(...small)
      await eventually(async () =>
        expect(await rows.putBack()).toEqual([
          { trouble: 'The object store cannot be used (EROFS: read-only file system)', requests: 4 },
        ]),
      )
      expect((await queue()).putBack).toMatchObject([{ requests: 4 }])
    } finally {
      execFileSync('umount', [objects])
    }
    await done(accepted)
    await logged(`large0-${tries}`, /The request was put back: .*read-only[\s\S]*succeeded/i)
    await hosting.remove(endpoint.name)
  })
})
