import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployAsync } from '../support/async-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`automatic scaling on ${kind}`, () => {
    let hosting: HostingFixture
    let attempts = 0
    beforeAll(async () => {
      hosting = await startHosting(kind, {
        workers: 2,
        env: {
          SLIPWAY_METRICS_FLUSH_SECONDS: '1',
          SLIPWAY_METRICS_RESOLUTION_SECONDS: '1',
          SLIPWAY_METRICS_ANY_ALARM_PERIOD: 'true',
        },
      })
    })
    afterAll(() => hosting?.stop())

    const scaling = (operation: string, input: Record<string, unknown>) => hosting.api.scaling(operation, input)
    const variantOf = (endpoint: string) => ({
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${endpoint}/variant/v`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    })
    /** The counts are right a moment before the update that made them so is over. */
    const state = async (endpoint: string) => {
      const { EndpointStatus, ProductionVariants: [variant] = [] } = await hosting.describe(endpoint)
      return [EndpointStatus, variant?.DesiredInstanceCount, variant?.CurrentInstanceCount]
    }
    const reaches = (endpoint: string, count: number) =>
      eventually(async () => expect(await state(endpoint)).toEqual(['InService', count, count]), 90_000)
    const alarmNames = async (prefix: string) => {
      const { MetricAlarms } = await hosting.api.cloudwatch('DescribeAlarms', { AlarmNamePrefix: prefix })
      return (MetricAlarms as { AlarmName: string }[]).map(({ AlarmName }) => AlarmName)
    }

    it('follows invocations out and in again, and ends with the endpoint', async () => {
      // One that is tried again has activities of its own: those of an earlier endpoint of the name are kept.
      const name = `scaled-${attempts++}`
      await hosting.deploy(name, { name: 'v' })
      const target = variantOf(name)
      const of = { ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId }
      const targets = () =>
        scaling('DescribeScalableTargets', { ServiceNamespace: 'sagemaker', ResourceIds: [target.ResourceId] })
      await expect(scaling('RegisterScalableTarget', { ...target, MinCapacity: 0, MaxCapacity: 3 })).rejects.toThrow(
        'ValidationException',
      )
      await scaling('RegisterScalableTarget', { ...target, MinCapacity: 2, MaxCapacity: 3 })
      await reaches(name, 2)
      await scaling('RegisterScalableTarget', { ...target, MinCapacity: 1 })
      expect(await targets()).toMatchObject({
        ScalableTargets: [{ ...target, MinCapacity: 1, MaxCapacity: 3 }],
      })
      const { Alarms } = await scaling('PutScalingPolicy', {
        ...{ ...target, PolicyName: 'follow', PolicyType: 'TargetTrackingScaling' },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 60,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
          ScaleInCooldown: 0,
          ScaleOutCooldown: 0,
        },
      })
      expect((Alarms as object[]).length).toBe(2)

      let isOver = false
      const sender = async () => {
        while (!isOver) {
          await hosting.api.invoke(name)
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      const sending = sender()
      try {
        await reaches(name, 3)
      } finally {
        isOver = true
        await sending
      }
      await expect(hosting.update(name, `${name}-other`, {}, { name: 'other' })).rejects.toThrow('scaling policy')
      await reaches(name, 1)
      await eventually(async () => {
        const { ScalingActivities } = await scaling('DescribeScalingActivities', of)
        const activities = ScalingActivities as { StatusCode: string; StatusMessage: string; Cause: string }[]
        expect(activities.filter(({ StatusCode }) => StatusCode !== 'Successful')).toEqual([])
        const causes = activities.map(({ Cause }) => Cause.replace(/-[0-9a-f-]{36}/, ''))
        expect(causes.at(-1)).toBe('minimum capacity was set to 2')
        for (const side of ['High', 'Low'])
          expect(causes).toContain(
            `monitor alarm TargetTracking-${target.ResourceId}-Alarm${side} in state ALARM triggered policy follow`,
          )
      }, 20_000)

      await hosting.atRest(name)
      await hosting.remove(name)
      expect(await targets()).toEqual({ ScalableTargets: [] })
      expect(await scaling('DescribeScalingPolicies', of)).toEqual({ ScalingPolicies: [] })
      await eventually(async () => expect(await alarmNames(`TargetTracking-endpoint/${name}/`)).toEqual([]), 30_000)
    }, 300_000)

    it('takes an asynchronous endpoint to no instances, and wakes it', async () => {
      // One that is tried again has a bucket, a topic and a queue of its own.
      const name = `zero-${attempts++}`
      const endpoint = await deployAsync(hosting, name)
      const target = variantOf(name)
      const Dimensions = [{ Name: 'EndpointName', Value: name }]
      await scaling('RegisterScalableTarget', { ...target, MinCapacity: 0, MaxCapacity: 2 })
      await scaling('PutScalingPolicy', {
        ...{ ...target, PolicyName: 'backlog', PolicyType: 'TargetTrackingScaling' },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 5,
          CustomizedMetricSpecification: {
            ...{ MetricName: 'ApproximateBacklogSizePerInstance', Namespace: 'AWS/SageMaker' },
            ...{ Dimensions, Statistic: 'Average' },
          },
          ScaleInCooldown: 0,
          ScaleOutCooldown: 0,
        },
      })
      const { PolicyARN } = await scaling('PutScalingPolicy', {
        ...{ ...target, PolicyName: 'wake', PolicyType: 'StepScaling' },
        StepScalingPolicyConfiguration: {
          ...{ AdjustmentType: 'ChangeInCapacity', MetricAggregationType: 'Average', Cooldown: 3 },
          StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
        },
      })
      await hosting.api.cloudwatch('PutMetricAlarm', {
        ...{ AlarmName: 'waits', Namespace: 'AWS/SageMaker', MetricName: 'HasBacklogWithoutCapacity', Dimensions },
        ...{ Statistic: 'Average', Period: 1, EvaluationPeriods: 2, DatapointsToAlarm: 2, Threshold: 1 },
        ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', TreatMissingData: 'missing' },
        AlarmActions: [PolicyARN],
      })
      await reaches(name, 0)
      const accepted = await endpoint.send('one', { body: 'hello' })
      await eventually(async () => expect(await endpoint.keys('out/')).toContain(accepted?.output), 90_000)
      await reaches(name, 0)
      await scaling('DeleteScalingPolicy', { ...target, PolicyName: 'backlog' })
      expect(await alarmNames(`TargetTracking-endpoint/${name}/`)).toEqual([])
      await scaling('DeregisterScalableTarget', target)
      await expect(scaling('DeregisterScalableTarget', target)).rejects.toThrow('ObjectNotFoundException')
      await hosting.atRest(name)
      await hosting.remove(name)
    }, 300_000)

    it('refuses by name what is not there', async () => {
      const target = variantOf('scaled')
      const other = (changes: object) =>
        scaling('RegisterScalableTarget', { ...target, ...changes, MinCapacity: 1, MaxCapacity: 2 })
      await expect(other({ ServiceNamespace: 'ecs' })).rejects.toThrow('501')
      await expect(other({ ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount' })).rejects.toThrow(
        '501',
      )
      await expect(other({ ResourceId: 'endpoint/none/variant/v' })).rejects.toThrow('ValidationException')
      await expect(other({ ResourceId: 'endpoint/../variant/v' })).rejects.toThrow('ValidationException')
      const predictive = { ...target, PolicyName: 'p', PolicyType: 'PredictiveScaling' }
      await expect(scaling('GetPredictiveScalingForecast', predictive)).rejects.toThrow('501')
    })
  })
}
