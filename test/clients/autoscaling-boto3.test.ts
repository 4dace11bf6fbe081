import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { runClient } from '../support/python.ts'
import { lacksEngine } from '../support/shared-engine.ts'

describe.skipIf(lacksEngine('docker'))('automatic scaling with boto3', () => {
  let hosting: HostingFixture
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
  })
  afterAll(() => hosting?.stop())

  it('is registered, has policies and schedules, is tagged, listed, refused and deleted', async () => {
    await hosting.deploy('scaled', { name: 'v' })
    expect(await runClient('boto3/autoscaling.py', hosting.slipway.env, ['walk', 'refusals', 'access'])).toContain('ok')
    await hosting.atRest('scaled')
    await hosting.remove('scaled')
  }, 180_000)
})
