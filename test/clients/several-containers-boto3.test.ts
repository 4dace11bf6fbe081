import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient } from '../support/python.ts'
import { lacksEngine } from '../support/shared-engine.ts'

describe.skipIf(lacksEngine('docker'))('models of several containers', () => {
  let hosting: HostingFixture
  beforeAll(async () => {
    const env = { SLIPWAY_METRICS_FLUSH_SECONDS: '1', SLIPWAY_METRICS_RESOLUTION_SECONDS: '1' }
    hosting = await startHosting('docker', { workers: 2, env })
  })
  afterAll(() => hosting?.stop())

  it('are created, deployed, invoked and measured with boto3', async () => {
    const env = { ...hosting.slipway.env, OTHER_ACCOUNT: '222222222222', USAGE: 'yes' }
    const image = hosting.image.replace('/model:', '/stage:')
    const run = randomBytes(3).toString('hex')
    expect(JSON.parse(await runClient('boto3/several_containers.py', env, [image, run]))).toBe('done')
    expect(hosting.slipway.process.output()).not.toContain('a request failed')
  }, 180_000)
})
