import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { constantLoad } from '../support/constant-load.ts'
import { type HostingFixture, startHosting, type VariantOptions } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

const who = (name: string, more: VariantOptions = {}): VariantOptions => ({
  ...more,
  name: 'v',
  container: { Environment: { WHO: name, ...(more.container?.Environment as object) } },
})

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`updates of endpoints on ${kind}`, () => {
    let hosting: HostingFixture
    beforeAll(async () => {
      hosting = await startHosting(kind, { workers: 2 })
    })
    afterAll(() => hosting?.stop())

    it('exchanges all instances at once, and loses no request', async () => {
      await hosting.deploy('whole', who('old', { instances: 2 }))
      const before = await hosting.containers('whole')
      const load = constantLoad(hosting.api, 'whole')
      await load.answered(20)
      await hosting.update('whole', 'whole-next', {}, who('new', { instances: 2 }))
      expect(await hosting.describe('whole')).toMatchObject({
        EndpointStatus: 'Updating',
        EndpointConfigName: 'whole',
        PendingDeploymentSummary: { EndpointConfigName: 'whole-next' },
      })
      expect(await hosting.atRest('whole')).toMatchObject({
        EndpointStatus: 'InService',
        EndpointConfigName: 'whole-next',
        ProductionVariants: [{ VariantName: 'v', CurrentInstanceCount: 2, DesiredInstanceCount: 2 }],
      })
      await load.answered(20)
      const { failed, by } = await load.stop()
      expect(failed).toEqual([])
      console.info(`answers during an update on ${kind}:`, by)
      expect(Object.keys(by).sort()).toEqual(['new', 'old'])
      const after = await hosting.containers('whole')
      expect(after).toHaveLength(2)
      expect(after.map(({ id }) => id).filter((id) => before.some((old) => old.id === id))).toEqual([])
      await hosting.remove('whole')
    })
  })
}
