import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from '../support/api.ts'
import { faultChance } from '../support/chance.ts'
import { eventually } from '../support/eventually.ts'
import { type Description, type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const REFUSALS =
  /Cannot update in-progress endpoint|Could not find endpoint \\"|Cannot create already existing endpoint|Cannot update endpoint ".*" in status Failed/

describe.skipIf(lacksEngine('docker'))('changes of endpoints that race each other', () => {
  const chance = faultChance('racing changes')
  let hosting: HostingFixture
  const configs = ['race-a', 'race-b']
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
    // The configs that are changed between, each saying who it is.
    for (const config of configs)
      await hosting.deploy(config, {
        name: 'v',
        container: { Environment: { WHO: config.slice(-1), START_DELAY_MS: '100' } },
      })
  })
  afterAll(() => hosting?.stop())

  it('are refused in the words of the service or come true, and what is left adds up', async () => {
    const names = ['race-1', 'race-2', 'race-3']
    const api = hosting.api
    const policies = [
      undefined,
      { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 } } },
      {
        RollingUpdatePolicy: {
          MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 },
          WaitIntervalInSeconds: 0,
        },
      },
    ]
    const change = (EndpointName: string): [string, Record<string, unknown>] => {
      const EndpointConfigName = chance.pick(configs)
      const DeploymentConfig = chance.pick(policies)
      const update = { EndpointName, EndpointConfigName, ...(DeploymentConfig !== undefined && { DeploymentConfig }) }
      const wanted = {
        VariantName: 'v',
        DesiredInstanceCount: chance.between(1, 2),
        DesiredWeight: chance.between(1, 3),
      }
      const kind = chance.between(1, 10)
      if (kind <= 3) return ['CreateEndpoint', { EndpointName, EndpointConfigName }]
      if (kind <= 6) return ['UpdateEndpoint', update]
      if (kind <= 9)
        return ['UpdateEndpointWeightsAndCapacities', { EndpointName, DesiredWeightsAndCapacities: [wanted] }]
      return ['DeleteEndpoint', { EndpointName }]
    }
    const refused: string[] = []
    let taken = 0
    /** Three at a time, often of the same endpoint. */
    for (let round = 0; round < 50; round++) {
      const one = chance.pick(names)
      const changes = [one, one, chance.pick(names)].map(change)
      await Promise.all(
        changes.map(([operation, input]) =>
          api.sagemaker(operation, input).then(
            () => taken++,
            (error: unknown) => {
              if (!(error instanceof ApiError)) throw error
              refused.push(error.message)
            },
          ),
        ),
      )
      await delay(chance.between(0, 300))
    }
    expect(refused.filter((message) => !REFUSALS.test(message))).toEqual([])
    expect(taken).toBeGreaterThan(10)
    const described = (name: string) => hosting.describe(name).catch(() => undefined)
    for (const name of names) {
      const found: Description | undefined = await eventually(async () => {
        const now = await described(name)
        if (now !== undefined) expect(now.EndpointStatus).toBe('InService')
        return now
      }, 60_000)
      const [variant] = found?.ProductionVariants ?? []
      await eventually(async () => {
        const all = await hosting.containers(name)
        expect(all.filter(({ running }) => running)).toHaveLength(all.length)
        expect(all).toHaveLength(variant?.DesiredInstanceCount ?? 0)
        expect((await described(name))?.ProductionVariants?.[0]?.CurrentInstanceCount).toBe(
          variant?.DesiredInstanceCount,
        )
      }, 30_000)
      if (found === undefined) continue
      const { status, body } = await api.invoke(name, { commands: 'env' })
      expect(status).toBe(200)
      expect(body).toContain(`"WHO=${found.EndpointConfigName.slice(-1)}"`)
      await hosting.remove(name)
      expect(await hosting.containers(name)).toEqual([])
    }
    expect(hosting.slipway.process.output()).not.toMatch(/"level":(50|"error")|InternalFailure/)
  }, 150_000)
})
