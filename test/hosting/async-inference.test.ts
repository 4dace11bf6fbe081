import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployAsync } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient, runExample } from '../support/python.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`asynchronous inference on ${kind}`, () => {
    let hosting: HostingFixture
    let tries = 0
    beforeAll(async () => {
      hosting = await startHosting(kind, {
        workers: 2,
        env: { SLIPWAY_METRICS_FLUSH_SECONDS: '1', SLIPWAY_METRICS_RESOLUTION_SECONDS: '1' },
      })
    })
    afterAll(() => hosting?.stop())

    it('goes the documented way with boto3', { timeout: 180_000 }, async () => {
      const { env } = hosting.slipway
      expect(await runClient('boto3/async_inference.py', env, [hosting.image, 'walk', 'refusals'], 170_000)).toContain(
        'ok',
      )
    })

    it('scores the example’s batch', { timeout: 150_000 }, async () => {
      const printed = await runExample(
        'async/score.py',
        { ...hosting.slipway.env, MODEL_IMAGE: hosting.image },
        140_000,
      )
      expect(printed).toContain('200/200')
      expect(printed).toMatch(/200 requests in [\d.]+ s, 0 failed\nrow 3: 3,9/)
      expect(await hosting.containers('sagemaker-async-example')).toEqual([])
    })

    it('lets its queue be seen, emptied and waited for on the command line', { timeout: 90_000 }, async () => {
      const name = `seen-${++tries}`
      const endpoint = await deployAsync(hosting, name)
      const bad = await endpoint.send('bad', { body: 'status=500', type: 'text/x-commands' })
      await eventually(async () => expect(await endpoint.keys('fail/')).toContain(bad?.failure))
      await endpoint.scale(0)
      await hosting.atRest(name)
      for (const id of ['one', 'two', 'three']) await endpoint.send(id, { body: id })
      const queue = async (...args: readonly string[]) =>
        run(PROGRAM, ['queue', name, '--data-dir', hosting.slipway.dataDir, ...args])
      expect(JSON.parse((await queue('--json')).stdout)).toMatchObject({
        backlog: 3,
        oldestSeconds: expect.any(Number),
        inFlight: [],
        failures: [{ inferenceId: 'bad', reason: expect.stringContaining('server error (500)') }],
      })
      expect((await queue()).stdout).toMatch(/^3 in the queue, the oldest since \d+ s; 0 being worked on\n/)
      await expect(queue('--drain', '--timeout', '0.5')).rejects.toMatchObject({ code: 1 })
      await expect(queue('--purge')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
      expect((await queue('--purge', '--yes')).stdout).toBe('3 dropped.\n')
      const kept = await endpoint.send('kept', { body: 'kept' })
      await endpoint.scale(1)
      expect((await queue('--drain', '--timeout', '60')).stdout).toBe('The queue is empty.\n')
      expect(await endpoint.keys('out/')).toEqual(new Set([kept?.output]))
      await hosting.atRest(name)
      await hosting.remove(name)
    })
  })
}
