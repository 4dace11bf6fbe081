import { expect, it } from 'vitest'
import { readPolicy } from './policy-rules.ts'

const id = {
  PolicyName: 'p',
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/e/variant/v',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const
const tracking = (configuration: object) => ({
  ...id,
  PolicyType: 'TargetTrackingScaling' as const,
  TargetTrackingScalingPolicyConfiguration: { TargetValue: 5, ...configuration },
})
const predefined = (type: string) =>
  tracking({ PredefinedMetricSpecification: { PredefinedMetricType: type } }) as Parameters<typeof readPolicy>[0]
const step = (configuration: object) => ({
  ...id,
  PolicyType: 'StepScaling' as const,
  StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity' as const, ...configuration },
})
const steps = (...bounds: (readonly [lower: number | undefined, upper: number | undefined])[]) =>
  step({
    StepAdjustments: bounds.map(([lower, upper]) => ({
      ...(lower !== undefined && { MetricIntervalLowerBound: lower }),
      ...(upper !== undefined && { MetricIntervalUpperBound: upper }),
      ScalingAdjustment: 1,
    })),
  })

it.each([
  ['no type', { ...id }, 'StepScalingPolicyConfiguration'],
  ['two metrics', tracking({ PredefinedMetricSpecification: {}, CustomizedMetricSpecification: {} }), 'one of'],
  ['no metric', tracking({}), 'one of'],
  ['a target of 0', tracking({ TargetValue: 0 }), 'TargetValue'],
  ['a negative cooldown', tracking({ ScaleInCooldown: -1 }), 'ScaleInCooldown'],
  ['a metric without statistic', tracking({ CustomizedMetricSpecification: { MetricName: 'm' } }), 'Statistic'],
  ['no metrics', tracking({ CustomizedMetricSpecification: { Metrics: [] } }), 'at least one'],
  ['metrics and a metric', tracking({ CustomizedMetricSpecification: { Metrics: [], MetricName: 'm' } }), 'alone'],
  ['a bound that is no number', steps([0, Number.POSITIVE_INFINITY]), 'finite'],
  ['another metric of endpoints', predefined('SageMakerInferenceComponentInvocationsPerCopy'), 'not implemented'],
  ['a metric of others', predefined('ECSServiceAverageCPUUtilization'), 'does not fit'],
  ['prediction', { ...id, PolicyType: 'PredictiveScaling' as const }, 'not implemented'],
  ['no steps', step({}), 'StepAdjustments'],
  [
    'a least magnitude of a count',
    { ...step({ MinAdjustmentMagnitude: 1, StepAdjustments: [{ ScalingAdjustment: 1 }] }) },
    'MinAdjustmentMagnitude',
  ],
  ['a step without bounds', steps([undefined, undefined]), 'needs'],
  ['bounds the wrong way round', steps([5, 1]), 'less than'],
  ['a gap', steps([0, 5], [6, undefined]), 'gap'],
  ['overlapping steps', steps([0, 5], [4, undefined]), 'overlap'],
  ['steps that end', steps([0, 5]), 'UpperBound'],
  ['steps that end below', steps([-5, 0]), 'LowerBound'],
])('refuses %s', (_name, input, words) => {
  expect(() => readPolicy(input)).toThrow(words)
})

it('takes what is complete, and no change of the type', () => {
  expect(readPolicy(steps([undefined, -5], [-5, 0], [0, 5], [5, undefined])).type).toBe('StepScaling')
  const input = predefined('SageMakerVariantInvocationsPerInstance')
  expect(readPolicy(input).type).toBe('TargetTrackingScaling')
  expect(() => readPolicy(input, 'StepScaling')).toThrow('cannot be changed')
})
