import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultChance } from '../support/chance.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'

interface Activity {
  readonly ActivityId: string
  readonly Cause: string
  readonly StatusCode: string
}

describe.skipIf(lacksEngine('docker'))('a server that is killed while it scales', () => {
  const chance = faultChance('killed scaling')
  let hosting: HostingFixture
  let tries = 0
  beforeAll(async () => {
    const env = { SLIPWAY_METRICS_RESOLUTION_SECONDS: '1', SLIPWAY_METRICS_ANY_ALARM_PERIOD: 'true' }
    hosting = await startHosting('docker', { workers: 2, env })
  })
  afterAll(() => hosting?.stop())

  it('goes on where it was: what was asked for comes about, told once', async () => {
    const name = `killed-scaling-${++tries}`
    const target = {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${name}/variant/v`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    }
    const { scaling, cloudwatch } = hosting.api
    await hosting.deploy(name, { name: 'v' })
    const bound = (MinCapacity: number, MaxCapacity: number) =>
      scaling('RegisterScalableTarget', { ...target, MinCapacity, MaxCapacity })
    const activities = async () => {
      const { ScalingActivities } = await scaling('DescribeScalingActivities', {
        ...{ ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId },
      })
      return ScalingActivities as Activity[]
    }
    await bound(1, 3)

    /** The ways to ask for `count` instances: each resolves when it has been, with what is to be told of it, once each. */
    const ways = {
      bounds: async (count: number) => {
        await bound(count, count)
        return [/^(minimum|maximum) capacity was set to/]
      },
      clock: async (count: number) => {
        const at = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000)
        await scaling('PutScheduledAction', {
          ...{ ...target, ScheduledActionName: 'soon', Schedule: `at(${at.toISOString().slice(0, 19)})` },
          ScalableTargetAction: { MinCapacity: count, MaxCapacity: count },
        })
        // As often before it is due as after.
        await delay(chance.between(0, 2 * (at.getTime() - Date.now())))
        return [/^scheduled action name soon was triggered$/, /^(minimum|maximum) capacity was set to/]
      },
      alarm: async (count: number) => {
        await bound(1, 3)
        const { PolicyARN } = await scaling('PutScalingPolicy', {
          ...{ ...target, PolicyName: `exactly-${count}`, PolicyType: 'StepScaling' },
          StepScalingPolicyConfiguration: {
            ...{ AdjustmentType: 'ExactCapacity', Cooldown: 0 },
            StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: count }],
          },
        })
        const AlarmName = `${name}-${count}`
        await cloudwatch('PutMetricAlarm', {
          ...{ AlarmName, Namespace: 'test', MetricName: name, Statistic: 'Sum', Period: 60, EvaluationPeriods: 1 },
          ...{ Threshold: 1, ComparisonOperator: 'GreaterThanThreshold', AlarmActions: [PolicyARN] },
          TreatMissingData: 'ignore',
        })
        const StateReasonData = JSON.stringify({ recentDatapoints: [2] })
        await cloudwatch('SetAlarmState', { AlarmName, StateValue: 'ALARM', StateReason: 'test', StateReasonData })
        return [new RegExp(`triggered policy exactly-${count}$`)]
      },
    }

    let present = 1
    for (const way of ['bounds', 'clock', 'alarm', 'clock', 'alarm', 'bounds'] as const) {
      const count = chance.pick([1, 2, 3].filter((one) => one !== present))
      const known = new Set((await activities()).map(({ ActivityId }) => ActivityId))
      const expected = await ways[way](count)
      await delay(chance.between(0, 800))
      await hosting.restart('SIGKILL')
      await eventually(async () => {
        const { EndpointStatus, ProductionVariants: [variant] = [] } = await hosting.describe(name)
        const found = [EndpointStatus, variant?.DesiredInstanceCount, variant?.CurrentInstanceCount]
        expect(found, way).toEqual(['InService', count, count])
        const told = (await activities()).filter(({ ActivityId }) => !known.has(ActivityId))
        expect(told.map(({ StatusCode }) => StatusCode)).toEqual(expected.map(() => 'Successful'))
        for (const cause of expected) expect(told.filter(({ Cause }) => cause.test(Cause))).toHaveLength(1)
      }, 60_000)
      await eventually(async () => expect(await hosting.containers(name)).toHaveLength(count), 20_000)
      await cloudwatch('DeleteAlarms', { AlarmNames: [`${name}-${count}`] })
      present = count
    }
    await hosting.remove(name)
  }, 300_000)
})
