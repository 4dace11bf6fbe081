import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, apiOf } from '../../support/api.ts'
import { rawCall } from '../../support/api-call.ts'
import { eventually } from '../../support/eventually.ts'
import { type Slipway, startSlipway } from '../../support/slipway.ts'

type Document = Record<string, unknown>

const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'

/** Endpoints without containers: they never come into service, which is nothing to what is asked here. */
describe('requests to Application Auto Scaling', () => {
  let slipway: Slipway
  let api: Api
  let serial = 0
  beforeAll(async () => {
    slipway = await startSlipway({ workers: 2 })
    api = apiOf(() => slipway)
  })
  afterAll(() => slipway?.stop())

  const call = async (operation: string, body: string | Document) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AnyScaleFrontendService.${operation}`,
    }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { status, text: answer } = await rawCall(slipway, 'application-autoscaling', { headers, body: text })
    return { status, answer }
  }
  const endpoint = async () => {
    const EndpointName = `e-${serial++}`
    const PrimaryContainer = { Image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/iris:1' }
    await api.sagemaker('CreateModel', { ModelName: EndpointName, ExecutionRoleArn: ROLE, PrimaryContainer })
    const variant = { VariantName: 'v', ModelName: EndpointName, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 }
    await api.sagemaker('CreateEndpointConfig', { EndpointConfigName: EndpointName, ProductionVariants: [variant] })
    await api.sagemaker('CreateEndpoint', { EndpointName, EndpointConfigName: EndpointName })
    return {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${EndpointName}/variant/v`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    }
  }
  const registered = async () => {
    const target = await endpoint()
    const { ScalableTargetARN } = await api.scaling('RegisterScalableTarget', {
      ...target,
      MinCapacity: 1,
      MaxCapacity: 3,
    })
    return { target, arn: ScalableTargetARN as string }
  }
  const tracking = (changes: Document) => ({
    ...{ PolicyName: 'p', PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 5,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      ...changes,
    },
  })
  const step = (changes: Document) => ({
    ...{ PolicyName: 'p', PolicyType: 'StepScaling' },
    StepScalingPolicyConfiguration: {
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      ...changes,
    },
  })
  const schedule = (changes: Document) => ({
    ...{ ScheduledActionName: 's', Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } },
    ...changes,
  })

  it('are refused, and never break anything, whatever stands in them', async () => {
    const { target, arn } = await registered()
    const long = 'x'.repeat(100_000)
    const wrong: readonly (readonly [operation: string, body: string | Document])[] = [
      ['RegisterScalableTarget', ''],
      ['RegisterScalableTarget', '{'],
      ['RegisterScalableTarget', '[]'],
      ['RegisterScalableTarget', 'null'],
      ['RegisterScalableTarget', '"x"'],
      ['RegisterScalableTarget', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
      ['RegisterScalableTarget', {}],
      ['RegisterScalableTarget', { ...target, ResourceId: long }],
      ['RegisterScalableTarget', { ...target, ResourceId: 'endpoint/e-0/variant/v/' }],
      ['RegisterScalableTarget', { ...target, ResourceId: 'endpoint/E-0/variant/v' }],
      ['RegisterScalableTarget', { ...target, ResourceId: { a: 1 } }],
      ['RegisterScalableTarget', { ...target, MinCapacity: '1' }],
      ['RegisterScalableTarget', { ...target, MinCapacity: 1.5 }],
      ['RegisterScalableTarget', { ...target, MinCapacity: 1e300 }],
      ['RegisterScalableTarget', { ...target, MinCapacity: 2 ** 31 }],
      ['RegisterScalableTarget', { ...target, MinCapacity: 4 }],
      ['RegisterScalableTarget', { ...target, MaxCapacity: 0 }],
      ['RegisterScalableTarget', { ...target, SuspendedState: { ScheduledScalingSuspended: 'yes' } }],
      ['RegisterScalableTarget', { ...target, Tags: { 'AWS:x': '1' } }],
      ['RegisterScalableTarget', { ...target, Tags: { '': '1' } }],
      ['RegisterScalableTarget', { ...target, Tags: ['x'] }],
      [
        'RegisterScalableTarget',
        { ...target, Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [i, ''])) },
      ],
      ['RegisterScalableTarget', { ...target, RoleARN: 'x' }],
      ['RegisterScalableTarget', { ...target, ServiceNamespace: 'nothing' }],
      ['RegisterScalableTarget', { ...target, ScalableDimension: 'sagemaker:variant:Nothing' }],
      ['PutScalingPolicy', { ...target, PolicyName: 'p' }],
      ['PutScalingPolicy', { ...target, ...tracking({ TargetValue: 1e300 }) }],
      ['PutScalingPolicy', { ...target, ...tracking({ TargetValue: 'NaN' }) }],
      ['PutScalingPolicy', { ...target, ...tracking({ ScaleInCooldown: 2 ** 31 }) }],
      ['PutScalingPolicy', { ...target, ...tracking({}), PolicyName: long }],
      ['PutScalingPolicy', { ...target, ...tracking({}), PolicyName: 'a\u0000b' }],
      ['PutScalingPolicy', { ...target, ...tracking({ CustomizedMetricSpecification: { Metrics: [] } }) }],
      ['PutScalingPolicy', { ...target, ...step({ StepAdjustments: Array.from({ length: 5_000 }, () => ({})) }) }],
      ['PutScalingPolicy', { ...target, ...step({ StepAdjustments: [{ ScalingAdjustment: 1 }] }) }],
      ['PutScalingPolicy', { ...target, ...step({ AdjustmentType: 'Nothing' }) }],
      ['PutScheduledAction', { ...target, ...schedule({ Schedule: long }) }],
      ['PutScheduledAction', { ...target, ...schedule({ Schedule: `cron(${'*/'.repeat(700)} * * * ? *)` }) }],
      ['PutScheduledAction', { ...target, ...schedule({ Schedule: 'cron(0 0 30 2 ? *)' }) }],
      ['PutScheduledAction', { ...target, ...schedule({ Timezone: '../etc/passwd' }) }],
      ['PutScheduledAction', { ...target, ...schedule({ StartTime: 'soon' }) }],
      ['PutScheduledAction', { ...target, ...schedule({ StartTime: 1e308 }) }],
      ['PutScheduledAction', { ...target, ...schedule({ EndTime: -1e308 }) }],
      ['PutScheduledAction', { ...target, ...schedule({ ScheduledActionName: 'a/b' }) }],
      ['PutScheduledAction', { ...target, ...schedule({ ScalableTargetAction: { MinCapacity: null } }) }],
      ['DeleteScheduledAction', { ...target, ScheduledActionName: long }],
      ['DeleteScalingPolicy', { ...target, PolicyName: "'; drop table scaling_policies; --" }],
      ['DescribeScheduledActions', { ServiceNamespace: 'sagemaker', NextToken: long }],
      ['DescribeScheduledActions', { ServiceNamespace: 'sagemaker', ScheduledActionNames: Array(51).fill('a') }],
      ['DescribeScalingActivities', { ServiceNamespace: 'sagemaker', MaxResults: 'many' }],
      ['TagResource', { ResourceARN: arn }],
      ['TagResource', { ResourceARN: `${arn}/x`, Tags: {} }],
      ['UntagResource', { ResourceARN: arn, TagKeys: Array(201).fill('a') }],
      ['ListTagsForResource', { ResourceARN: arn.replace('us-east-1', 'eu-west-1') }],
    ]
    for (const [operation, body] of wrong) {
      const { status, answer } = await call(operation, body)
      const asked = `${operation} ${JSON.stringify(body).slice(0, 200)}: ${answer.slice(0, 300)}`
      expect(status, asked).toBe(400)
      expect(answer.length, asked).toBeLessThan(50_000)
    }
    const { ScalableTargets } = await api.scaling('DescribeScalableTargets', {
      ...{ ServiceNamespace: 'sagemaker', ResourceIds: [target.ResourceId] },
    })
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 1, MaxCapacity: 3 }])
    const input = { ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId }
    expect(await api.scaling('DescribeScalingPolicies', input)).toEqual({ ScalingPolicies: [] })
    expect(await api.scaling('DescribeScheduledActions', input)).toEqual({ ScheduledActions: [] })
    expect(slipway.process.output()).not.toContain('a request failed')
  })

  it('may come at once and again: one target, one policy with its alarms, one action', async () => {
    const target = await endpoint()
    const many = (operation: string, input: Document) =>
      Promise.all(Array.from({ length: 12 }, () => call(operation, { ...target, ...input })))
    for (const [operation, input] of [
      ['RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 3, Tags: { ['__proto__']: 'own', team: 'ml' } }],
      ['PutScalingPolicy', tracking({})],
      ['PutScheduledAction', schedule({})],
    ] as const) {
      const answers = await many(operation, input)
      expect(answers.some(({ status }) => status === 200)).toBe(true)
      for (const { status, answer } of answers)
        if (status !== 200) expect(answer).toMatch(/ConcurrentUpdateException|tag already exists/)
    }
    const input = { ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId }
    const { ScalingPolicies } = await api.scaling('DescribeScalingPolicies', input)
    expect(ScalingPolicies).toMatchObject([{ PolicyName: 'p' }])
    expect((await api.scaling('DescribeScheduledActions', input)).ScheduledActions).toHaveLength(1)
    const prefix = { AlarmNamePrefix: `TargetTracking-${target.ResourceId}-` }
    const alarms = async () => (await api.cloudwatch('DescribeAlarms', prefix)).MetricAlarms as { AlarmName: string }[]
    const names = (await alarms()).map(({ AlarmName }) => AlarmName)
    const listed = (ScalingPolicies as { Alarms: { AlarmName: string }[] }[]).flatMap(({ Alarms }) => Alarms)
    expect(names.toSorted()).toEqual(listed.map(({ AlarmName }) => AlarmName).toSorted())
    expect(names).toHaveLength(2)
    // Alarms that somebody has deleted are there again once the policy is put again.
    await api.cloudwatch('DeleteAlarms', { AlarmNames: names })
    await api.scaling('PutScalingPolicy', { ...target, ...tracking({ TargetValue: 9 }) })
    expect((await alarms()).map(({ AlarmName }) => AlarmName).toSorted()).toEqual(names.toSorted())
    const gone = await many('DeregisterScalableTarget', {})
    expect(gone.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await alarms()).toEqual([])
  })

  it('begin anew for an endpoint that is made again under the same name', async () => {
    const { target, arn } = await registered()
    await api.scaling('PutScalingPolicy', { ...target, ...tracking({}) })
    await api.scaling('PutScheduledAction', { ...target, ...schedule({}) })
    const EndpointName = target.ResourceId.split('/')[1] as string
    await eventually(() => api.sagemaker('DeleteEndpoint', { EndpointName }), 30_000)
    await eventually(() => api.sagemaker('CreateEndpoint', { EndpointName, EndpointConfigName: EndpointName }), 30_000)
    const input = { ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId }
    expect(await api.scaling('DescribeScalingPolicies', input)).toEqual({ ScalingPolicies: [] })
    expect(await api.scaling('DescribeScheduledActions', input)).toEqual({ ScheduledActions: [] })
    expect((await call('ListTagsForResource', { ResourceARN: arn })).answer).toContain('ResourceNotFoundException')
    expect((await call('PutScheduledAction', { ...target, ...schedule({}) })).answer).toContain('ObjectNotFound')
    const again = await api.scaling('RegisterScalableTarget', { ...target, MinCapacity: 1, MaxCapacity: 2 })
    expect(again.ScalableTargetARN).not.toBe(arn)
    const prefix = { AlarmNamePrefix: `TargetTracking-${target.ResourceId}-` }
    await eventually(
      async () => expect((await api.cloudwatch('DescribeAlarms', prefix)).MetricAlarms).toEqual([]),
      30_000,
    )
  })

  it('may reckon with metrics', async () => {
    const { target } = await registered()
    const stat = (Id: string, MetricName: string) => ({
      ...{ Id, ReturnData: false },
      MetricStat: { Metric: { Namespace: 'app', MetricName, Dimensions: [{ Name: 'q', Value: '1' }] }, Stat: 'Sum' },
    })
    const put = (...Metrics: Document[]) =>
      call('PutScalingPolicy', {
        ...target,
        ...tracking({ PredefinedMetricSpecification: undefined, CustomizedMetricSpecification: { Metrics } }),
      })
    const each = { Id: 'each', Expression: 'waiting / workers', ReturnData: true }
    const { answer } = await put(stat('waiting', 'Waiting'), stat('workers', 'Workers'), each)
    const { Alarms } = JSON.parse(answer) as { Alarms: { AlarmName: string }[] }
    const AlarmNames = Alarms.map(({ AlarmName }) => AlarmName)
    const { MetricAlarms } = await api.cloudwatch('DescribeAlarms', { AlarmNames })
    expect(MetricAlarms).toMatchObject(
      [{ Threshold: 5 }, { Threshold: 4.5 }].map((side) => ({
        ...side,
        Metrics: [
          { Id: 'waiting', MetricStat: { Metric: { MetricName: 'Waiting' }, Period: 60 }, ReturnData: false },
          { Id: 'workers' },
          each,
        ],
      })),
    )
    for (const [metrics, words] of [
      [[stat('waiting', 'Waiting')], 'ValidationException'],
      [[stat('waiting', 'Waiting'), { ...each, Expression: 'waiting /' }], 'ValidationException'],
      [[each, { ...each, Id: 'b' }], 'ValidationException'],
      [[stat('waiting', 'Waiting'), { ...each, Expression: "SEARCH('{app} x', 'Sum')" }], 'NotImplemented'],
    ] as const)
      expect((await put(...metrics)).answer).toContain(words)
  })

  it('show with a step policy the alarms that name it', async () => {
    const { target } = await registered()
    const { PolicyARN } = await api.scaling('PutScalingPolicy', { ...target, ...step({}) })
    const alarm = {
      ...{ Namespace: 'app', MetricName: 'm', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 1 },
      ComparisonOperator: 'GreaterThanThreshold',
    }
    const names = ['b', 'a'].map((name) => `${target.ResourceId}-${name}`)
    for (const AlarmName of names)
      await api.cloudwatch('PutMetricAlarm', { ...alarm, AlarmName, AlarmActions: [PolicyARN], OKActions: [PolicyARN] })
    await api.cloudwatch('PutMetricAlarm', {
      ...alarm,
      AlarmName: `${names[0]}-other`,
      AlarmActions: [`${PolicyARN}x`],
    })
    const { ScalingPolicies } = await api.scaling('DescribeScalingPolicies', {
      ...{ ServiceNamespace: 'sagemaker', ResourceId: target.ResourceId },
    })
    expect(ScalingPolicies).toMatchObject([
      {
        Alarms: names.toReversed().map((AlarmName) => ({
          AlarmName,
          AlarmARN: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${AlarmName}`,
        })),
      },
    ])
  })
})
