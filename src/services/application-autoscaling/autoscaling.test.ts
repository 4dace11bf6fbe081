import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../test/support/databases.ts'
import {
  ACCOUNT,
  ECR_IMAGE,
  REGION,
  ROLE,
  root,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../test/support/sagemaker-service.ts'
import type { PutScalingPolicyRequest } from '../../model/generated/application-autoscaling.ts'
import { statement } from '../../storage/statement.ts'
import { silentLogger } from '../../telemetry/log.ts'
import { ServiceError } from '../../wire/service-error.ts'
import type { AlarmActions, AlarmEvent, AlarmState } from '../cloudwatch/facade.ts'
import type { RequestContext } from '../operation.ts'
import { endpointWrites } from '../sagemaker/hosting/endpoint-state.ts'
import { createSagemakerFacade } from '../sagemaker/sagemaker-facade.ts'
import type { AutoscalingDeps } from './autoscaling-deps.ts'
import { deleteScalingPolicy } from './policies/delete-scaling-policy.ts'
import { describeScalingPolicies } from './policies/describe-scaling-policies.ts'
import { dropOrphanAlarms } from './policies/orphan-alarms.ts'
import { putScalingPolicy } from './policies/put-scaling-policy.ts'
import { describeScalingActivities } from './scaling/describe-scaling-activities.ts'
import { targetHandler } from './scaling/follow-target.ts'
import { policyActions } from './scaling/policy-actions.ts'
import { deregisterScalableTarget } from './targets/deregister-scalable-target.ts'
import { describeScalableTargets } from './targets/describe-scalable-targets.ts'
import { registerScalableTarget } from './targets/register-scalable-target.ts'

const NAMESPACE = { ServiceNamespace: 'sagemaker' } as const
const SECOND = 1_000

describe.each(testStores)('scaling on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  let deps: AutoscalingDeps
  let actions: AlarmActions
  let now = 1_800_000_000_000
  let serial = 0
  const alarms = new Map<string, AlarmState>()
  const signal = new AbortController().signal

  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    await service.call('CreateModel', {
      ...{ ModelName: 'Iris', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: ECR_IMAGE } },
    })
    const variant = {
      VariantName: 'v',
      ModelName: 'Iris',
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 2,
    } as const
    const variants = { One: variant, Big: { ...variant, InstanceType: 'ml.m5.xlarge' } as const }
    for (const [EndpointConfigName, one] of Object.entries(variants))
      await service.call('CreateEndpointConfig', { EndpointConfigName, ProductionVariants: [one] })
    Object.assign(service.deps, { endpointInstanceQuota: 10_000 })
    const clock = { now: () => now }
    deps = {
      ...{ database: service.database, queue: service.deps.workQueue, clock, alarmSeconds: 60 },
      sagemaker: createSagemakerFacade({ ...service.deps, clock }),
      cloudwatch: {
        putAlarm: async (_owner, { AlarmName, Namespace }) => {
          if (Namespace === 'refused') throw new ServiceError('ValidationError', 'a namespace that is refused')
          alarms.set(AlarmName, 'OK')
        },
        deleteAlarms: async (_owner, names) => names.forEach((name) => void alarms.delete(name)),
        alarmStates: async (_owner, names) => new Map([...alarms].filter(([name]) => names.includes(name))),
      },
    }
    actions = policyActions(() => deps)
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const context = (): RequestContext => ({
    ...{ requestId: 'r', principal: root(ACCOUNT), account: ACCOUNT, region: REGION, now, signal },
    ...{ baseUrl: 'http://127.0.0.1:8770', log: silentLogger, origin: {} as RequestContext['origin'] },
  })
  const setStatus = (name: string, status: string) =>
    service.database.commit([
      statement(service.database.query.updateTable('endpoints').set({ status }).where('name', '=', name)),
    ])
  const count = async (name: string) => (await deps.sagemaker.findCapacity(context(), name, 'v'))?.desiredInstances
  /** An endpoint in service with a target of 1 to 8 instances, of which it has 2. */
  const serving = async () => {
    const name = `e-${serial++}`
    await service.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: 'One' })
    await setStatus(name, 'InService')
    const target = {
      ...NAMESPACE,
      ResourceId: `endpoint/${name}/variant/v`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    } as const
    await registerScalableTarget(deps, { ...target, MinCapacity: 1, MaxCapacity: 8 }, context())
    return { name, target }
  }
  /** Lets the endpoint come to rest, and the target's work item see it. */
  const settle = async (name: string) => {
    await setStatus(name, 'InService')
    await service.database.commit([
      statement(service.database.query.deleteFrom('endpoint_deployments').where('name_key', '=', name)),
    ])
    const rows = await service.database.query
      .selectFrom('scaling_targets')
      .select('id')
      .where('endpoint_name', '=', name)
      .execute()
    for (const { id } of rows) await targetHandler(deps)({ kind: 'scaling-target', key: id, attempts: 0 }, signal)
  }
  const raise = (arn: string, alarmName: string, values: readonly number[], Threshold = 100) => {
    now += SECOND
    const event: AlarmEvent = {
      ...{ account: ACCOUNT, region: REGION, alarmName, alarmArn: 'a', newState: 'ALARM', oldState: 'OK', reason: 'r' },
      ...{ reasonData: JSON.stringify({ recentDatapoints: values }), at: now, configuredAt: 0 },
      settings: { AlarmName: alarmName, Threshold } as AlarmEvent['settings'],
    }
    return actions.run(arn, event, signal)
  }
  const track = (target: object, name: string, changes: object = {}) =>
    putScalingPolicy(
      deps,
      {
        ...{ ...target, PolicyName: name, PolicyType: 'TargetTrackingScaling' },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 100,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
          ...changes,
        },
      } as PutScalingPolicyRequest,
      context(),
    )
  const named = (policy: { Alarms?: { AlarmName: string }[] }, side: string) =>
    policy.Alarms?.find(({ AlarmName }) => AlarmName.includes(`-Alarm${side}-`))?.AlarmName ?? ''

  it('brings the capacity between new bounds, and keeps what is not sent', async () => {
    const { name, target } = await serving()
    await registerScalableTarget(deps, { ...target, MinCapacity: 4 }, context())
    await setStatus(name, 'Updating')
    await settle(name)
    expect(await count(name)).toBe(4)
    const { ScalableTargets } = await describeScalableTargets(
      deps,
      { ...NAMESPACE, ResourceIds: [target.ResourceId] },
      context(),
    )
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 4, MaxCapacity: 8 }])
    await expect(registerScalableTarget(deps, { ...target, MaxCapacity: 3 }, context())).rejects.toThrow('Maximum')
    await expect(registerScalableTarget(deps, { ...target, MinCapacity: 0 }, context())).rejects.toThrow('Minimum')
  })

  it('scales out and in, with cooldowns, and waits while the endpoint is busy', async () => {
    const { name, target } = await serving()
    const policy = await track(target, 'p', { ScaleOutCooldown: 10, ScaleInCooldown: 10 })
    const high = () => raise(policy.PolicyARN, named(policy, 'High'), [90, 170])
    const low = (...values: number[]) => raise(policy.PolicyARN, named(policy, 'Low'), values)
    await high()
    expect(await count(name)).toBe(4)
    await expect(high()).rejects.toThrow('has to be over')
    await settle(name)
    expect(await high()).toContain('cooldown')
    now += 11 * SECOND
    await low(10, 60)
    expect(await count(name)).toBe(3)
    await settle(name)
    // A scale-out interrupts the cooldown of a scale-in, and no scale-in does.
    expect(await low()).toContain('cooldown')
    await high()
    expect(await count(name)).toBe(6)
    await settle(name)
    now += 11 * SECOND
    await low()
    expect(await count(name)).toBe(3)
    await settle(name)
    const { ScalingActivities = [] } = await describeScalingActivities(
      deps,
      { ...NAMESPACE, ResourceId: target.ResourceId },
      context(),
    )
    expect(ScalingActivities.map(({ StatusCode }) => StatusCode)).toEqual(Array.from({ length: 4 }, () => 'Successful'))
  })

  it('takes nothing away while another policy wants it', async () => {
    const { name, target } = await serving()
    const one = await track(target, 'one')
    const two = await track(target, 'two')
    const low = () => raise(one.PolicyARN, named(one, 'Low'), [0])
    expect(await low()).toContain('another policy')
    alarms.set(named(two, 'Low'), 'ALARM')
    await low()
    expect(await count(name)).toBe(1)
  })

  it('goes by the steps, and heeds what it is not to act on', async () => {
    const { name, target } = await serving()
    const StepScalingPolicyConfiguration = {
      AdjustmentType: 'ChangeInCapacity' as const,
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 100 }],
    }
    const step = { ...target, PolicyName: 's', PolicyType: 'StepScaling' as const, StepScalingPolicyConfiguration }
    const { PolicyARN } = await putScalingPolicy(deps, step, context())
    expect(await raise(PolicyARN, 'mine', [])).toContain('nothing follows')
    expect(await raise(PolicyARN, 'mine', [99])).toContain('nothing follows')
    await registerScalableTarget(deps, { ...target, SuspendedState: { DynamicScalingOutSuspended: true } }, context())
    expect(await raise(PolicyARN, 'mine', [100])).toContain('suspended')
    await registerScalableTarget(deps, { ...target, SuspendedState: { DynamicScalingOutSuspended: false } }, context())
    await raise(PolicyARN, 'mine', [100])
    expect(await count(name)).toBe(8)
    await deleteScalingPolicy(deps, { ...target, PolicyName: 's' }, context())
    await expect(raise(PolicyARN, 'mine', [100])).rejects.toThrow('no scaling policy')
    await expect(deleteScalingPolicy(deps, { ...target, PolicyName: 's' }, context())).rejects.toThrow(
      'No scaling policy',
    )
  })

  it('keeps a scaled variant its instance type, and goes with the endpoint', async () => {
    const { name, target } = await serving()
    const policy = await track(target, 'p')
    await track(target, 'p')
    const update = { EndpointName: name, EndpointConfigName: 'Big' }
    await expect(service.call('UpdateEndpoint', update)).rejects.toThrow('scaling policy')
    const { ScalingPolicies } = await describeScalingPolicies(
      deps,
      { ...NAMESPACE, ResourceId: target.ResourceId },
      context(),
    )
    expect(ScalingPolicies).toMatchObject([{ PolicyName: 'p', Alarms: policy.Alarms }])
    const key = { account: ACCOUNT, region: REGION, name_key: name }
    await service.database.commit(endpointWrites(service.database, service.deps.changeFeed, key).forget())
    await dropOrphanAlarms(deps)
    expect(alarms.has(named(policy, 'High'))).toBe(false)
    await expect(deregisterScalableTarget(deps, target, context())).rejects.toThrow('No scalable target')
    await expect(
      registerScalableTarget(deps, { ...target, MinCapacity: 1, MaxCapacity: 2 }, context()),
    ).rejects.toThrow('no endpoint variant')
  })

  it('has no policy whose alarms are refused', async () => {
    const { target } = await serving()
    const CustomizedMetricSpecification = { Namespace: 'refused', MetricName: 'm', Statistic: 'Sum' }
    const refused = { PredefinedMetricSpecification: undefined, CustomizedMetricSpecification }
    const configurations = async () => {
      const input = { ...NAMESPACE, ResourceId: target.ResourceId }
      const { ScalingPolicies = [] } = await describeScalingPolicies(deps, input, context())
      return ScalingPolicies.map((policy) => policy.TargetTrackingScalingPolicyConfiguration?.TargetValue)
    }
    await expect(track(target, 'p', refused)).rejects.toThrow('a namespace that is refused')
    expect(await configurations()).toEqual([])
    await track(target, 'p')
    await expect(track(target, 'p', { ...refused, TargetValue: 7 })).rejects.toThrow('a namespace that is refused')
    expect(await configurations()).toEqual([100])
  })

  it('lists page by page', async () => {
    const { target } = await serving()
    for (const name of ['a', 'b', 'c']) await track(target, name)
    const input = { ...NAMESPACE, ResourceId: target.ResourceId, MaxResults: 2 }
    const first = await describeScalingPolicies(deps, input, context())
    const { NextToken } = first
    const second = await describeScalingPolicies(
      deps,
      { ...input, ...(NextToken !== undefined && { NextToken }) },
      context(),
    )
    const names = [first, second].map((page) => page.ScalingPolicies?.map(({ PolicyName }) => PolicyName))
    expect(names).toEqual([['a', 'b'], ['c']])
    await expect(describeScalableTargets(deps, { ...NAMESPACE, NextToken: 'x' }, context())).rejects.toThrow(
      'next token',
    )
    await deregisterScalableTarget(deps, target, context())
    expect((await describeScalingPolicies(deps, input, context())).ScalingPolicies).toEqual([])
  })
})
