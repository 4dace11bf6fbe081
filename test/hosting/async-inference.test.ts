import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient, runExample } from '../support/python.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`asynchronous inference on ${kind}`, () => {
    let hosting: HostingFixture
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
  })
}
