import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalEngine, startEngine } from '../../scripts/machine/engine.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`an engine that goes away: ${kind}`, () => {
    let engine: LocalEngine
    let hosting: HostingFixture
    beforeAll(async () => {
      engine = await startEngine(kind, { ours: true })
      hosting = await startHosting(engine)
    })
    afterAll(async () => {
      await hosting?.stop()
      await engine?.stop()
    })

    it('fails nothing and replaces nothing without need, and goes on by itself', async () => {
      await hosting.deploy('steady')
      await hosting.deploy('leaving')
      const before = await hosting.containers('steady')
      await engine.restart(async () => {
        await hosting.create('coming')
        await hosting.api.sagemaker('DeleteEndpoint', { EndpointName: 'leaving' })
        // Podman's containers live on without it; Docker takes its own down.
        const { status } = await hosting.api.invoke('steady')
        expect(status).toBe(kind === 'podman' ? 200 : 503)
        expect((await hosting.describe('steady')).EndpointStatus).toBe('InService')
        expect((await hosting.describe('coming')).EndpointStatus).toBe('Creating')
        expect((await hosting.describe('leaving')).EndpointStatus).toBe('Deleting')
      })
      expect((await hosting.settled('coming', 30_000)).EndpointStatus).toBe('InService')
      await eventually(async () => {
        expect((await hosting.api.invoke('steady')).status).toBe(200)
        const [running, ...more] = await hosting.containers('steady')
        expect(running?.running).toBe(true)
        expect(more).toEqual([])
        expect(running?.id === before[0]?.id).toBe(kind === 'podman')
        expect((await hosting.describe('steady')).ProductionVariants?.[0]?.CurrentInstanceCount).toBe(1)
      }, 30_000)
      await eventually(async () => expect(await hosting.containers('leaving')).toEqual([]), 30_000)
      await eventually(() => expect(hosting.describe('leaving')).rejects.toThrow('Could not find endpoint'))
      await Promise.all([hosting.remove('steady'), hosting.remove('coming')])
    }, 120_000)
  })
}
