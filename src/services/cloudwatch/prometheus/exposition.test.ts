import { expect, test } from 'vitest'
import { exposition, type Total } from './exposition.ts'

const total = (name: string, changes: Partial<Total> = {}): Total => ({
  account: '123456789012',
  region: 'us-east-1',
  namespace: 'AWS/SageMaker',
  name,
  dimensions: [
    ['EndpointName', 'iris'],
    ['VariantName', 'v"1\\\n'],
  ],
  sampleCount: 4,
  sum: 3_000_000,
  lastValue: 12.5,
  lastAt: 1_000,
  ...changes,
})

test('counters, summaries and gauges, in one order, with their labels escaped', () => {
  const text = exposition(
    [
      total('ModelLatency'),
      total('CPUUtilization', { namespace: '/aws/sagemaker/Endpoints' }),
      total('MemoryUtilization', { namespace: '/aws/sagemaker/Endpoints', lastAt: 10 }),
      total('Invocations'),
      total('Invocations', { region: 'eu-west-1', sum: 7 }),
      total('SomethingElse'),
      total('Invocations', { namespace: 'mine' }),
      total('constructor'),
      total('x', { namespace: 'constructor' }),
    ],
    500,
  )
  const labels = (region = 'us-east-1') =>
    `{account="123456789012",region="${region}",endpoint="iris",variant="v\\"1\\\\\\n"}`
  expect(text).toBe(
    [
      '# HELP slipway_endpoint_invocations_total Requests sent to the model.',
      '# TYPE slipway_endpoint_invocations_total counter',
      `slipway_endpoint_invocations_total${labels()} 3000000`,
      `slipway_endpoint_invocations_total${labels('eu-west-1')} 7`,
      '# HELP slipway_endpoint_model_latency_seconds Time the model took to answer.',
      '# TYPE slipway_endpoint_model_latency_seconds summary',
      `slipway_endpoint_model_latency_seconds_sum${labels()} 3`,
      `slipway_endpoint_model_latency_seconds_count${labels()} 4`,
      '# HELP slipway_endpoint_cpu_utilization_percent Use of processors by an instance; 100 for each that is busy.',
      '# TYPE slipway_endpoint_cpu_utilization_percent gauge',
      `slipway_endpoint_cpu_utilization_percent${labels()} 12.5`,
      '',
    ].join('\n'),
  )
})

test('nothing counted is an empty page', () => {
  expect(exposition([], 0)).toBe('')
})

test('what one container of several does has families of its own', () => {
  const dimensions = [
    ['ContainerName', 'one'],
    ['EndpointName', 'iris'],
    ['VariantName', 'v'],
  ] as const
  const totals = [total('Invocations', { dimensions }), total('ContainerLatency', { dimensions })]
  const labels = '{account="123456789012",region="us-east-1",container="one",endpoint="iris",variant="v"}'
  const samples = exposition(totals, 0)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(samples).toEqual([
    `slipway_endpoint_container_invocations_total${labels} 3000000`,
    `slipway_endpoint_container_latency_seconds_sum${labels} 3`,
    `slipway_endpoint_container_latency_seconds_count${labels} 4`,
  ])
})
