import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConstantLoad, constantLoad } from '../support/constant-load.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting, type VariantOptions } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

/** A variant `v` whose containers say who they are. */
const who = (name: string, more: VariantOptions = {}, environment: Readonly<Record<string, string>> = {}) => ({
  name: 'v',
  ...more,
  container: { Environment: { WHO: name, ...environment } },
})

const percent = (Value: number) => ({ Type: 'CAPACITY_PERCENT', Value })
const blueGreen = (routing: object, TerminationWaitInSeconds = 0) => ({
  DeploymentConfig: {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { WaitIntervalInSeconds: 0, ...routing },
      TerminationWaitInSeconds,
    },
  },
})
const rolling = (WaitIntervalInSeconds: number, more = {}) => ({
  DeploymentConfig: { RollingUpdatePolicy: { MaximumBatchSize: percent(50), WaitIntervalInSeconds, ...more } },
})

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`updates of endpoints on ${kind}`, () => {
    let hosting: HostingFixture
    beforeAll(async () => {
      hosting = await startHosting(kind, { workers: 2 })
    })
    afterAll(() => hosting?.stop())

    const tries = new Map<string, number>()
    /** A test that is tried again finds what its first try has left: an update may still be under way. */
    const fresh = (name: string) => {
      const count = (tries.get(name) ?? 0) + 1
      tries.set(name, count)
      return count === 1 ? name : `${name}-${count}`
    }

    /** Loads an endpoint while `during` happens to it, and sees that not one request has failed. */
    async function underLoad(endpoint: string, during: (load: ConstantLoad) => Promise<void>) {
      const load = constantLoad(hosting.api, endpoint)
      let result: Awaited<ReturnType<ConstantLoad['stop']>> | undefined
      try {
        await load.answered(10)
        await during(load)
      } finally {
        result = await load.stop()
      }
      console.info(`${endpoint} on ${kind}: ${JSON.stringify(result.by)} answered, ${result.failed.length} failed`)
      expect(result.failed).toEqual([])
      return result.by
    }

    const shareOf = async (name: string, endpoint: string, count = 60) => {
      const answers = await Promise.all(
        Array.from({ length: count }, () => hosting.api.invoke(endpoint, { commands: 'env' })),
      )
      return answers.filter(({ body }) => body.includes(`"WHO=${name}"`)).length / count
    }

    const createRole = async (name: string) => {
      const trust = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }
      await deleteRole(name).catch(() => {})
      await hosting.api.iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) })
      return `arn:aws:iam::123456789012:role/${name}`
    }
    const deleteRole = (name: string) => hosting.api.iam('DeleteRole', { RoleName: name })

    it('exchanges all instances at once, when what is on its way has been answered', async () => {
      const name = fresh('whole')
      await hosting.deploy(name, who('old', { instances: 2 }))
      const before = await hosting.containers(name)
      await underLoad(name, async (load) => {
        const slow = hosting.api.invoke(name, { commands: 'stdout=begun;sleep=9000;env' })
        await eventually(async () => expect(await hosting.printed(name)).toContain('begun'))
        await hosting.update(name, `${name}-next`, {}, who('new', { instances: 2 }))
        expect(await hosting.describe(name)).toMatchObject({
          EndpointStatus: 'Updating',
          EndpointConfigName: name,
          PendingDeploymentSummary: { EndpointConfigName: `${name}-next` },
        })
        await load.answered(20, 'new')
        expect(await slow).toMatchObject({ status: 200, body: expect.stringContaining('"WHO=old"') })
        expect(await hosting.atRest(name)).toMatchObject({
          EndpointStatus: 'InService',
          EndpointConfigName: `${name}-next`,
          ProductionVariants: [{ VariantName: 'v', CurrentInstanceCount: 2, DesiredInstanceCount: 2 }],
        })
      })
      const after = await hosting.containers(name)
      expect(after).toHaveLength(2)
      expect(after.map(({ id }) => id).filter((id) => before.some((old) => old.id === id))).toEqual([])
      expect(await shareOf('new', name)).toBe(1)
      await hosting.remove(name)
    })

    it('gives a canary its share, then all, then ends the old fleet', async () => {
      const name = fresh('canary')
      await hosting.deploy(name, who('old'))
      await underLoad(name, async (load) => {
        const policy = blueGreen({ Type: 'CANARY', CanarySize: percent(25), WaitIntervalInSeconds: 6 }, 2)
        await hosting.update(name, `${name}-next`, policy, who('new'))
        await load.answered(1, 'new')
        const share = await shareOf('new', name, 200)
        const pending = (await hosting.describe(name)).PendingDeploymentSummary
        expect(pending?.ProductionVariants[0]?.VariantStatus).toMatchObject([
          {
            Status: 'Baking',
            StatusMessage:
              'Baking for 6 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
          },
        ])
        // Six standard deviations around a quarter.
        expect(share).toBeGreaterThan(0.06)
        expect(share).toBeLessThan(0.44)
        expect((await hosting.atRest(name)).EndpointConfigName).toBe(`${name}-next`)
      })
      expect(await hosting.containers(name)).toHaveLength(1)
      await hosting.remove(name)
    })

    it('moves the traffic step by step', async () => {
      const name = fresh('linear')
      await hosting.deploy(name, who('old'))
      await underLoad(name, async () => {
        const policy = blueGreen({ Type: 'LINEAR', LinearStepSize: percent(50), WaitIntervalInSeconds: 2 })
        await hosting.update(name, `${name}-next`, policy, who('new'))
        const messages = new Set<string>()
        await eventually(
          async () => {
            const { EndpointStatus: status, PendingDeploymentSummary: pending } = await hosting.describe(name)
            for (const { StatusMessage: said } of pending?.ProductionVariants[0]?.VariantStatus ?? [])
              messages.add(said)
            expect(status).toBe('InService')
          },
          60_000,
          100,
        )
        const bake = 'Baking for 2 seconds (WaitIntervalInSeconds) with traffic enabled on'
        expect([...messages]).toEqual(
          expect.arrayContaining([
            `${bake} canary capacity of 1 instance(s).`,
            `${bake} full capacity of 1 instance(s).`,
          ]),
        )
      })
      expect(await shareOf('new', name)).toBe(1)
      await hosting.remove(name)
    })

    it('rolls batch by batch, never with more instances than one batch above', async () => {
      const name = fresh('roll')
      await hosting.deploy(name, who('old', { instances: 3 }))
      let most = 0
      const by = await underLoad(name, async () => {
        await hosting.update(name, `${name}-next`, rolling(0), who('new', { instances: 3 }))
        await eventually(
          async () => {
            most = Math.max(most, (await hosting.containers(name)).length)
            expect((await hosting.describe(name)).EndpointStatus).toBe('InService')
          },
          90_000,
          100,
        )
      })
      expect(most).toBe(4)
      expect(Object.keys(by).sort()).toEqual(['new', 'old'])
      expect(await shareOf('new', name)).toBe(1)
      await hosting.remove(name)
    }, 120_000)

    it('keeps the old fleet when the new one does not start, says why, and takes the next update', async () => {
      const name = fresh('stay')
      await hosting.deploy(name, who('old'))
      const before = await hosting.containers(name)
      const by = await underLoad(name, async () => {
        await hosting.update(name, `${name}-bad`, {}, who('bad', {}, { EXIT_AT_START: '3' }))
        expect(await hosting.atRest(name)).toMatchObject({
          EndpointStatus: 'InService',
          EndpointConfigName: name,
          FailureReason: expect.stringContaining('did not pass the ping health check'),
        })
      })
      expect(Object.keys(by)).toEqual(['old'])
      expect((await hosting.containers(name)).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
      await hosting.update(name, `${name}-good`, {}, who('good'))
      const { EndpointConfigName: config, FailureReason: reason } = await hosting.atRest(name)
      expect([config, reason]).toEqual([`${name}-good`, undefined])
      await hosting.remove(name)
    })

    it('takes the traffic back when an alarm is raised', async () => {
      const name = fresh('alarmed')
      await hosting.deploy(name, who('old'))
      const AlarmName = `${name}-errors`
      await hosting.api.cloudwatch('PutMetricAlarm', {
        AlarmName,
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [{ Name: 'EndpointName', Value: name }],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'ignore',
      })
      const { DeploymentConfig } = blueGreen({ Type: 'ALL_AT_ONCE' }, 3_000)
      const AutoRollbackConfiguration = { Alarms: [{ AlarmName }] }
      await underLoad(name, async (load) => {
        const policy = { DeploymentConfig: { ...DeploymentConfig, AutoRollbackConfiguration } }
        await hosting.update(name, `${name}-next`, policy, who('new'))
        await load.answered(5, 'new')
        await hosting.api.cloudwatch('SetAlarmState', { AlarmName, StateValue: 'ALARM', StateReason: 'a test' })
        expect(await hosting.atRest(name)).toMatchObject({
          EndpointStatus: 'InService',
          EndpointConfigName: name,
          FailureReason: `The alarm ${AlarmName} is in ALARM state.`,
        })
      })
      expect(await shareOf('old', name)).toBe(1)
      await hosting.api.cloudwatch('DeleteAlarms', { AlarmNames: [AlarmName] })
      await hosting.remove(name)
    })

    it('takes the traffic back from a canary whose instances keep crashing', async () => {
      const name = fresh('sour')
      await hosting.deploy(name, who('old'))
      const policy = blueGreen({ Type: 'CANARY', CanarySize: percent(50), WaitIntervalInSeconds: 3_000 })
      await hosting.update(name, `${name}-next`, policy, who('new'))
      await eventually(async () => {
        // Each of the new fleet ends when it is asked for the first time; three in a row are enough.
        const { body } = await hosting.api.invoke(name, { commands: 'env' })
        const fleet = await hosting.containers(name)
        if (body.includes('"WHO=new"')) await hosting.kill(fleet.at(-1)?.id ?? '')
        expect((await hosting.describe(name)).EndpointStatus).toBe('InService')
      }, 60_000)
      expect(await hosting.describe(name)).toMatchObject({
        EndpointConfigName: name,
        FailureReason: expect.stringContaining('exit code'),
      })
      expect(await shareOf('old', name)).toBe(1)
      expect(await hosting.containers(name)).toHaveLength(1)
      await hosting.remove(name)
    }, 90_000)

    it('changes weights and capacities, and loses no request', async () => {
      const name = fresh('scale')
      await hosting.deploy(name, { ...who('one'), name: 'a' }, { ...who('two'), name: 'b', instances: 2 })
      await underLoad(name, async () => {
        const change = async (DesiredWeightsAndCapacities: object[]) => {
          await hosting.api.sagemaker('UpdateEndpointWeightsAndCapacities', {
            EndpointName: name,
            DesiredWeightsAndCapacities,
          })
          return hosting.atRest(name)
        }
        const grown = await change([{ VariantName: 'a', DesiredInstanceCount: 3 }])
        expect(grown.ProductionVariants).toMatchObject([{ CurrentInstanceCount: 3 }, { CurrentInstanceCount: 2 }])
        const moved = await change([
          { VariantName: 'a', DesiredInstanceCount: 1, DesiredWeight: 0 },
          { VariantName: 'b', DesiredWeight: 2 },
        ])
        expect(moved.ProductionVariants).toMatchObject([
          { CurrentInstanceCount: 1, DesiredInstanceCount: 1, CurrentWeight: 0 },
          { CurrentInstanceCount: 2, CurrentWeight: 2 },
        ])
        await eventually(async () => expect(await shareOf('two', name)).toBe(1))
      })
      expect(await hosting.containers(name)).toHaveLength(3)
      await hosting.remove(name)
    })

    it('wants its old capacity again when it cannot reach another', async () => {
      const name = fresh('short')
      await hosting.deploy(name, who('old', { role: await createRole(`${name}-lived`) }))
      await underLoad(name, async () => {
        await deleteRole(`${name}-lived`)
        await hosting.api.sagemaker('UpdateEndpointWeightsAndCapacities', {
          EndpointName: name,
          DesiredWeightsAndCapacities: [{ VariantName: 'v', DesiredInstanceCount: 2, DesiredWeight: 5 }],
        })
        expect(await hosting.atRest(name)).toMatchObject({
          EndpointStatus: 'InService',
          FailureReason: expect.stringContaining('role'),
          ProductionVariants: [
            { CurrentInstanceCount: 1, DesiredInstanceCount: 1, DesiredWeight: 1, CurrentWeight: 1 },
          ],
        })
      })
      expect(await hosting.containers(name)).toHaveLength(1)
      await hosting.remove(name)
    })

    it('serves from both fleets when neither can be made whole, until the next update', async () => {
      const name = fresh('stuck')
      const [oldRole, newRole] = [await createRole(`${name}-old`), await createRole(`${name}-new`)]
      await hosting.deploy(name, who('old', { instances: 2, role: oldRole }))
      await underLoad(name, async (load) => {
        await hosting.update(name, `${name}-next`, rolling(3), who('new', { instances: 2, role: newRole }))
        await load.answered(1, 'new')
        await Promise.all([deleteRole(`${name}-old`), deleteRole(`${name}-new`)])
        expect(await hosting.atRest(name)).toMatchObject({
          EndpointStatus: 'UpdateRollbackFailed',
          EndpointConfigName: name,
          FailureReason: expect.stringContaining('The rollback failed too'),
        })
        const share = await shareOf('new', name, 200)
        expect(share).toBeGreaterThan(0.2)
        expect(share).toBeLessThan(0.8)
        await hosting.update(name, `${name}-out`, {}, who('out'))
        expect((await hosting.atRest(name)).EndpointStatus).toBe('InService')
      })
      expect(await shareOf('out', name)).toBe(1)
      expect(await hosting.containers(name)).toHaveLength(1)
      await hosting.remove(name)
    }, 120_000)
  })
}
