import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NAMESPACE, startTestAutoscaling, type TestAutoscaling } from '../../../test/support/autoscaling-service.ts'
import type { TestStore } from '../../../test/support/databases.ts'
import { ACCOUNT, REGION, testStores } from '../../../test/support/sagemaker-service.ts'
import type { PutScalingPolicyRequest } from '../../model/generated/application-autoscaling.ts'
import { statement } from '../../storage/statement.ts'
import type { AlarmEvent } from '../cloudwatch/facade.ts'
import { endpointWrites } from '../sagemaker/hosting/endpoint-state.ts'
import type { AutoscalingDeps } from './autoscaling-deps.ts'
import { deleteScalingPolicy } from './policies/delete-scaling-policy.ts'
import { describeScalingPolicies } from './policies/describe-scaling-policies.ts'
import { dropOrphanAlarms } from './policies/orphan-alarms.ts'
import { putScalingPolicy } from './policies/put-scaling-policy.ts'
import { putScheduledAction } from './schedules/put-scheduled-action.ts'
import { deregisterScalableTarget } from './targets/deregister-scalable-target.ts'
import { describeScalableTargets } from './targets/describe-scalable-targets.ts'
import { registerScalableTarget } from './targets/register-scalable-target.ts'

const SECOND = 1_000

describe.each(testStores)('scaling on $dialect', ({ create }) => {
  let store: TestStore
  let test: TestAutoscaling
  let deps: AutoscalingDeps

  beforeAll(async () => {
    store = await create()
    test = await startTestAutoscaling(store)
    deps = test.deps
  })
  afterAll(async () => {
    await test.stop()
    await store.remove()
  })

  const context = () => test.context()
  const alarmEvent = (alarmName: string, values: readonly number[], Threshold = 100): AlarmEvent => ({
    ...{ account: ACCOUNT, region: REGION, alarmName, alarmArn: 'a', newState: 'ALARM', oldState: 'OK', reason: 'r' },
    ...{ reasonData: JSON.stringify({ recentDatapoints: values }), at: test.now, configuredAt: 0 },
    settings: { AlarmName: alarmName, Threshold } as AlarmEvent['settings'],
  })
  const raise = (arn: string, alarmName: string, values: readonly number[], threshold?: number) => {
    test.now += SECOND
    return test.actions.run(arn, alarmEvent(alarmName, values, threshold), test.signal)
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
    const { name, target } = await test.serving()
    await registerScalableTarget(deps, { ...target, MinCapacity: 4 }, context())
    await test.setStatus(name, 'Updating')
    await test.settle(name)
    expect(await test.count(name)).toBe(4)
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
    const { name, target } = await test.serving()
    const policy = await track(target, 'p', { ScaleOutCooldown: 10, ScaleInCooldown: 10 })
    const high = () => raise(policy.PolicyARN, named(policy, 'High'), [90, 170])
    const low = (...values: number[]) => raise(policy.PolicyARN, named(policy, 'Low'), values)
    await high()
    expect(await test.count(name)).toBe(4)
    await expect(high()).rejects.toThrow('has to be over')
    await test.settle(name)
    expect(await high()).toContain('cooldown')
    test.now += 11 * SECOND
    await low(10, 60)
    expect(await test.count(name)).toBe(3)
    await test.settle(name)
    // A scale-out interrupts the cooldown of a scale-in, and no scale-in does.
    expect(await low()).toContain('cooldown')
    await high()
    expect(await test.count(name)).toBe(6)
    await test.settle(name)
    test.now += 11 * SECOND
    await low()
    expect(await test.count(name)).toBe(3)
    await test.settle(name)
    const activities = await test.activities(target)
    expect(activities.map(({ StatusCode }) => StatusCode)).toEqual(Array.from({ length: 4 }, () => 'Successful'))
  })

  const byHand = async (name: string, DesiredInstanceCount: number) => {
    await test.setStatus(name, 'InService')
    await test.sagemaker.database.commit([
      statement(test.sagemaker.database.query.deleteFrom('endpoint_deployments').where('name_key', '=', name)),
    ])
    await test.sagemaker.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: name,
      DesiredWeightsAndCapacities: [{ VariantName: 'v', DesiredInstanceCount }],
    })
  }

  it('brings the capacity between the bounds when a change has ended with another', async () => {
    const { name, target } = await test.serving()
    const policy = await track(target, 'p', { ScaleOutCooldown: 0 })
    await raise(policy.PolicyARN, named(policy, 'High'), [170])
    expect(await test.count(name)).toBe(4)
    await byHand(name, 10)
    await test.settle(name)
    expect(await test.count(name)).toBe(8)
    await test.settle(name)
    expect((await test.activities(target)).map(({ StatusCode }) => StatusCode)).toEqual(['Successful', 'Failed'])
  })

  it('leaves a capacity that has just failed for a while, and then asks for it again', async () => {
    const { name, target } = await test.serving()
    await registerScalableTarget(deps, { ...target, MinCapacity: 4 }, context())
    await test.settle(name)
    expect(await test.count(name)).toBe(4)
    // As an endpoint does whose update fails.
    await byHand(name, 2)
    expect(await test.settle(name)).toEqual([{ done: false, againInMilliseconds: 600_000 }])
    expect(await test.count(name)).toBe(2)
    await test.settle(name)
    expect(await test.count(name)).toBe(4)
    expect(await test.settle(name)).toEqual([{ done: true }])
  })

  it.each([
    { trouble: 'the endpoint goes back', MinCapacity: 4 },
    { trouble: 'the quota is too small', MinCapacity: 20_000 },
  ])(
    'leaves what is set by hand after a failure, where $trouble, until there are new bounds',
    async ({ MinCapacity }) => {
      const { name, target } = await test.serving()
      await registerScalableTarget(deps, { ...target, MinCapacity, MaxCapacity: MinCapacity }, context())
      await test.settle(name)
      await byHand(name, 2)
      expect(await test.settle(name)).toEqual([{ done: false, againInMilliseconds: 600_000 }])
      await byHand(name, 3)
      expect(await test.settle(name)).toEqual([{ done: true }])
      expect(await test.count(name)).toBe(3)
      await registerScalableTarget(deps, { ...target, MinCapacity: 4, MaxCapacity: 8 }, context())
      await test.settle(name)
      expect(await test.count(name)).toBe(4)
    },
  )

  it('takes nothing away while another policy wants it', async () => {
    const { name, target } = await test.serving()
    const one = await track(target, 'one')
    const two = await track(target, 'two')
    const low = () => raise(one.PolicyARN, named(one, 'Low'), [0])
    expect(await low()).toContain('another policy')
    test.alarms.set(named(two, 'Low'), 'ALARM')
    await low()
    expect(await test.count(name)).toBe(1)
  })

  it('goes by the steps, and heeds what it is not to act on', async () => {
    const { name, target } = await test.serving()
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
    expect(await test.count(name)).toBe(8)
    await deleteScalingPolicy(deps, { ...target, PolicyName: 's' }, context())
    await expect(raise(PolicyARN, 'mine', [100])).rejects.toThrow('no scaling policy')
    await expect(deleteScalingPolicy(deps, { ...target, PolicyName: 's' }, context())).rejects.toThrow(
      'No scaling policy',
    )
  })

  it('keeps a scaled variant its instance type, and goes with the endpoint', async () => {
    const { name, target } = await test.serving()
    const policy = await track(target, 'p')
    await track(target, 'p')
    const update = { EndpointName: name, EndpointConfigName: 'Big' }
    await expect(test.sagemaker.call('UpdateEndpoint', update)).rejects.toThrow('scaling policy')
    const { ScalingPolicies } = await describeScalingPolicies(
      deps,
      { ...NAMESPACE, ResourceId: target.ResourceId },
      context(),
    )
    expect(ScalingPolicies).toMatchObject([{ PolicyName: 'p', Alarms: policy.Alarms }])
    const key = { account: ACCOUNT, region: REGION, name_key: name }
    await test.sagemaker.database.commit(
      endpointWrites(test.sagemaker.database, test.sagemaker.deps.changeFeed, key).forget(),
    )
    await dropOrphanAlarms(deps)
    expect(test.alarms.has(named(policy, 'High'))).toBe(false)
    await expect(deregisterScalableTarget(deps, target, context())).rejects.toThrow('No scalable target')
    await expect(
      registerScalableTarget(deps, { ...target, MinCapacity: 1, MaxCapacity: 2 }, context()),
    ).rejects.toThrow('no endpoint variant')
  })

  it('has no policy whose alarms are refused', async () => {
    const { target } = await test.serving()
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

  it('has a policy or an update without its variant, whichever comes first', async () => {
    const kept = new Set<string>()
    for (let attempt = 0; attempt < 12; attempt++) {
      const { name, target } = await test.serving()
      const update = () => test.sagemaker.call('UpdateEndpoint', { EndpointName: name, EndpointConfigName: 'Big' })
      const put = () => track(target, 'p')
      const order = attempt % 2 === 0 ? [update, put] : [put, update]
      const answers = await Promise.allSettled(order.map((one) => one()))
      expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      for (const answer of answers)
        if (answer.status === 'rejected') {
          expect(answer.reason).toMatchObject({ code: 'ValidationException' })
          kept.add(answer.reason.message.includes('has a scaling policy') ? 'policy' : 'update')
        }
    }
    expect(kept.size).toBeGreaterThan(0)
    const { name, target } = await test.serving()
    await test.sagemaker.call('UpdateEndpoint', { EndpointName: name, EndpointConfigName: 'Big' })
    await expect(track(target, 'p')).rejects.toThrow('being updated to a configuration without')
    const same = await test.serving()
    await test.sagemaker.call('UpdateEndpoint', { EndpointName: same.name, EndpointConfigName: 'One' })
    await track(same.target, 'p')
  })

  it('has neither a policy nor a scheduled action for a variant that is gone', async () => {
    const { name, target } = await test.serving()
    const { database } = test.sagemaker
    await database.commit([
      statement(
        database.query.updateTable('endpoint_variants').set({ variant_name: 'other' }).where('name_key', '=', name),
      ),
    ])
    const gone = `There is no endpoint variant with the resource ID ${target.ResourceId}`
    await expect(track(target, 'p')).rejects.toThrow(gone)
    const action = { ScheduledActionName: 's', Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } }
    await expect(putScheduledAction(deps, { ...target, ...action }, context())).rejects.toThrow(gone)
    await deregisterScalableTarget(deps, target, context())
  })

  it('leaves nothing behind of an endpoint that goes while it is registered', async () => {
    for (let attempt = 0; attempt < 8; attempt++) {
      const { name, target } = await test.serving()
      if (attempt % 4 > 1) await deregisterScalableTarget(deps, target, context())
      const key = { account: ACCOUNT, region: REGION, name_key: name }
      const { database, deps: sagemaker } = test.sagemaker
      const work = [
        () => database.commit(endpointWrites(database, sagemaker.changeFeed, key).forget()),
        () => registerScalableTarget(deps, { ...target, MinCapacity: 1, MaxCapacity: 2 }, context()),
        () => track(target, 'p'),
      ]
      const settled = await Promise.allSettled((attempt % 2 === 0 ? work : work.toReversed()).map((one) => one()))
      for (const one of settled) if (one.status === 'rejected') expect(one.reason).toHaveProperty('code')
      const input = { ...NAMESPACE, ResourceIds: [target.ResourceId] }
      expect((await describeScalableTargets(deps, input, context())).ScalableTargets).toEqual([])
      const rows = await database.query.selectFrom('scaling_policies').select('target_id').execute()
      const targets = await database.query.selectFrom('scaling_targets').select('id').execute()
      const ids = new Set(targets.map(({ id }) => id))
      expect(rows.filter(({ target_id }) => !ids.has(target_id))).toEqual([])
    }
  })

  it('does not act on what was measured before the last change', async () => {
    const { name, target } = await test.serving()
    const policy = await track(target, 'p')
    const old = test.now
    await registerScalableTarget(deps, { ...target, MinCapacity: 4 }, context())
    await test.settle(name)
    await test.settle(name)
    const event = { ...alarmEvent(named(policy, 'High'), [200]), at: old }
    expect(await test.actions.run(policy.PolicyARN, event, test.signal)).toContain('changed since')
    expect(await test.count(name)).toBe(4)
  })

  it('does without alarms that somebody has deleted', async () => {
    const { name, target } = await test.serving()
    const [one, two] = [await track(target, 'one'), await track(target, 'two')]
    for (const { AlarmName } of two.Alarms ?? []) test.alarms.delete(AlarmName)
    await raise(one.PolicyARN, named(one, 'Low'), [0])
    expect(await test.count(name)).toBe(1)
    const again = await track(target, 'two')
    expect(again.Alarms).toEqual(two.Alarms)
    expect(test.alarms.has(named(two, 'High'))).toBe(true)
  })

  it('lists page by page', async () => {
    const { target } = await test.serving()
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
