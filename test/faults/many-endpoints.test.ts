import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const COUNT = 50
const PATIENCE = 240_000

describe.skipIf(lacksEngine('docker'))(`${COUNT} endpoints at once`, () => {
  let hosting: HostingFixture
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
  })
  afterAll(() => hosting?.stop(), 300_000)

  it('come up, serve, and go', async () => {
    const round = ++tries
    const names = Array.from({ length: COUNT }, (_, index) => `many-${round}-${index}`)
    const began = performance.now()
    const lap = (what: string) =>
      console.info(`${COUNT} endpoints ${what} after ${Math.round(performance.now() - began)} ms`)
    await Promise.all(names.map((name) => hosting.create(name, { container: { Environment: { WHO: name } } })))
    lap('asked for')
    for (const name of names) {
      const { EndpointStatus, FailureReason } = await hosting.settled(name, PATIENCE)
      expect([name, EndpointStatus, FailureReason]).toEqual([name, 'InService', undefined])
    }
    lap('in service')
    const answers = await Promise.all(names.map((name) => hosting.api.invoke(name, { commands: 'env' })))
    for (const [index, { status, body }] of answers.entries()) {
      expect(status).toBe(200)
      expect(body).toContain(`"WHO=${names[index]}"`)
    }
    for (const name of names) await hosting.api.sagemaker('DeleteEndpoint', { EndpointName: name })
    await eventually(
      async () => {
        const { Endpoints } = await hosting.api.sagemaker('ListEndpoints', { NameContains: `many-${round}-` })
        expect(Endpoints).toEqual([])
        expect(await hosting.runtime.listContainers({}, AbortSignal.timeout(30_000))).toEqual([])
      },
      PATIENCE,
      250,
    )
    lap('gone')
  }, 600_000)
})
