import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  NAMESPACE,
  type ScaledVariant,
  startTestAutoscaling,
  type TestAutoscaling,
} from '../../../../test/support/autoscaling-service.ts'
import type { TestStore } from '../../../../test/support/databases.ts'
import { testStores } from '../../../../test/support/sagemaker-service.ts'
import type { PutScheduledActionRequest } from '../../../model/generated/application-autoscaling.ts'
import { deregisterScalableTarget } from '../targets/deregister-scalable-target.ts'
import { describeScalableTargets } from '../targets/describe-scalable-targets.ts'
import { registerScalableTarget } from '../targets/register-scalable-target.ts'
import { deleteScheduledAction } from './delete-scheduled-action.ts'
import { describeScheduledActions } from './describe-scheduled-actions.ts'
import { putScheduledAction } from './put-scheduled-action.ts'
import { scheduleHandler } from './run-schedules.ts'

const HOUR = 60 * 60_000
/** A Monday. */
const MONDAY = Date.parse('2027-01-04T00:00:00Z')

describe.each(testStores)('scheduled scaling on $dialect', ({ create }) => {
  let store: TestStore
  let test: TestAutoscaling
  beforeAll(async () => {
    store = await create()
    test = await startTestAutoscaling(store)
  })
  afterAll(async () => {
    await test.stop()
    await store.remove()
  })

  const put = (target: ScaledVariant, ScheduledActionName: string, more: Partial<PutScheduledActionRequest>) =>
    putScheduledAction(test.deps, { ...target, ScheduledActionName, ...more }, test.context())
  const actions = async ({ ResourceId }: ScaledVariant, ...ScheduledActionNames: string[]) => {
    const input = { ...NAMESPACE, ResourceId, ScheduledActionNames }
    return (await describeScheduledActions(test.deps, input, test.context())).ScheduledActions ?? []
  }
  const bounds = async ({ ResourceId }: ScaledVariant) => {
    const input = { ...NAMESPACE, ResourceIds: [ResourceId] }
    const { ScalableTargets: [found] = [] } = await describeScalableTargets(test.deps, input, test.context())
    return [found?.MinCapacity, found?.MaxCapacity]
  }
  /** Has the target's work item look at the clock; the wait that it asks for, in milliseconds. */
  const tick = async (name: string, now: number) => {
    test.now = now
    const { id } = await test.deps.database.query
      .selectFrom('scaling_targets')
      .select('id')
      .where('endpoint_name', '=', name)
      .executeTakeFirstOrThrow()
    const outcome = await scheduleHandler(test.deps)({ kind: 'scaling-schedule', key: id, attempts: 0 }, test.signal)
    return outcome.done ? undefined : outcome.againInMilliseconds
  }
  const serving = async () => {
    test.now = MONDAY
    return test.serving()
  }

  it('changes bounds at its times, scales, and tells of it', async () => {
    const { name, target } = await serving()
    await put(target, 'day', { Schedule: 'cron(0 9 ? * MON-FRI *)', ScalableTargetAction: { MinCapacity: 4 } })
    await put(target, 'night', {
      ...{ Schedule: 'cron(0 18 ? * MON-FRI *)', Timezone: 'Europe/Berlin' },
      ScalableTargetAction: { MinCapacity: 1, MaxCapacity: 2 },
    })
    expect(await tick(name, MONDAY + 8 * HOUR)).toBe(5 * 60_000)
    expect(await bounds(target)).toEqual([1, 8])
    expect(await tick(name, MONDAY + 9 * HOUR - 1_000)).toBe(1_000)
    await tick(name, MONDAY + 9 * HOUR)
    expect(await bounds(target)).toEqual([4, 8])
    await test.settle(name)
    expect(await test.count(name)).toBe(4)
    await test.settle(name)
    // Nothing is done twice.
    await tick(name, MONDAY + 9 * HOUR + 1)
    expect((await test.activities(target)).map(({ Cause, StatusCode }) => [Cause, StatusCode])).toEqual(
      [
        ['minimum capacity was set to 4', 'Successful'],
        ['scheduled action name day was triggered', 'Successful'],
      ].toSorted(),
    )
    await tick(name, MONDAY + 17 * HOUR)
    await test.settle(name)
    expect(await test.count(name)).toBe(2)
    expect(await bounds(target)).toEqual([1, 2])
    const told = (await test.activities(target)).find(({ Cause }) => Cause.includes('night'))
    expect(told).toMatchObject({
      Description: 'Setting min capacity to 1 and max capacity to 2.',
      StatusMessage: 'Successfully set min capacity to 1 and max capacity to 2',
    })
  })

  it('makes up for what was missed, each action once, in the order of the last times', async () => {
    const { name, target } = await serving()
    await put(target, 'day', {
      Schedule: 'cron(0 9 * * ? *)',
      ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 6 },
    })
    await put(target, 'night', {
      Schedule: 'cron(0 18 * * ? *)',
      ScalableTargetAction: { MinCapacity: 1, MaxCapacity: 2 },
    })
    await put(target, 'often', {
      Schedule: 'rate(1 minute)',
      EndTime: MONDAY + HOUR,
      ScalableTargetAction: { MaxCapacity: 5 },
    })
    // From Monday, 8:00, to Thursday, noon: the last was the day's.
    await tick(name, MONDAY + (3 * 24 + 12) * HOUR)
    expect(await bounds(target)).toEqual([3, 6])
    const causes = (await test.activities(target)).map(({ Cause }) => Cause)
    expect(causes.toSorted()).toEqual(
      ['day', 'night', 'often'].map((one) => `scheduled action name ${one} was triggered`),
    )
    expect(await tick(name, MONDAY + (3 * 24 + 18) * HOUR)).toBe(5 * 60_000)
    expect(await bounds(target)).toEqual([1, 2])
  })

  it('runs once with at(), and stays until it is deleted', async () => {
    const { name, target } = await serving()
    await put(target, 'once', { Schedule: 'at(2027-01-04T01:00:00)', ScalableTargetAction: { MinCapacity: 3 } })
    expect(await tick(name, MONDAY + HOUR)).toBeUndefined()
    expect(await bounds(target)).toEqual([3, 8])
    await registerScalableTarget(test.deps, { ...target, MinCapacity: 1 }, test.context())
    expect(await tick(name, MONDAY + 2 * HOUR)).toBeUndefined()
    expect(await bounds(target)).toEqual([1, 8])
    expect(await actions(target)).toMatchObject([{ ScheduledActionName: 'once', Schedule: 'at(2027-01-04T01:00:00)' }])
    await expect(put(target, 'once', { ScalableTargetAction: { MinCapacity: 2 } })).rejects.toThrow('no time left')
    await deleteScheduledAction(test.deps, { ...target, ScheduledActionName: 'once' }, test.context())
    const gone = deleteScheduledAction(test.deps, { ...target, ScheduledActionName: 'once' }, test.context())
    await expect(gone).rejects.toMatchObject({ code: 'ObjectNotFoundException' })
  })

  it('does nothing while it is suspended, and tells what it cannot do', async () => {
    const { name, target } = await serving()
    await put(target, 'hourly', { Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 3 } })
    const suspend = (ScheduledScalingSuspended: boolean) =>
      registerScalableTarget(test.deps, { ...target, SuspendedState: { ScheduledScalingSuspended } }, test.context())
    await suspend(true)
    await tick(name, MONDAY + HOUR)
    expect(await bounds(target)).toEqual([1, 8])
    await suspend(false)
    await registerScalableTarget(test.deps, { ...target, MaxCapacity: 2 }, test.context())
    await tick(name, MONDAY + 2 * HOUR)
    expect(await bounds(target)).toEqual([1, 2])
    expect(await test.activities(target)).toMatchObject([
      {
        StatusCode: 'Failed',
        StatusMessage:
          'Failed to set min capacity to 3. Reason: Maximum capacity 2 cannot be less than minimum capacity 3.',
      },
    ])
  })

  it('changes what is sent, forgets bounds in time that are not, and goes with its target', async () => {
    const { name, target } = await serving()
    const times = { StartTime: MONDAY + HOUR, EndTime: MONDAY + 9 * HOUR }
    await put(target, 'a', { Schedule: 'rate(2 hours)', ScalableTargetAction: { MinCapacity: 2 }, ...times })
    await put(target, 'b', { Schedule: 'cron(0 9 * * ? *)', ScalableTargetAction: { MaxCapacity: 4 } })
    expect(await actions(target, 'a')).toMatchObject([{ ...times, ScalableTargetAction: { MinCapacity: 2 } }])
    await put(target, 'a', { Timezone: 'Pacific/Tahiti' })
    const [changed] = await actions(target, 'a')
    expect(changed).toMatchObject({ Schedule: 'rate(2 hours)', Timezone: 'Pacific/Tahiti' })
    expect(changed).not.toHaveProperty('StartTime')
    expect(changed?.ScheduledActionARN).toMatch(
      /^arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:[0-9a-f-]{36}:resource\/sagemaker\/endpoint\/e-\d+\/variant\/v:scheduledActionName\/a$/,
    )
    // What it sets may change while its times stay.
    await tick(name, MONDAY + 30 * 60_000)
    await put(target, 'a', { ScalableTargetAction: { MinCapacity: 3 } })
    await tick(name, MONDAY + 2 * HOUR)
    expect(await bounds(target)).toEqual([3, 8])
    const first = await describeScheduledActions(
      test.deps,
      { ...NAMESPACE, ResourceId: target.ResourceId, MaxResults: 1 },
      test.context(),
    )
    expect(first).toMatchObject({ ScheduledActions: [{ ScheduledActionName: 'a' }], NextToken: expect.any(String) })
    await deregisterScalableTarget(test.deps, target, test.context())
    expect(await actions(target)).toEqual([])
    await expect(put(target, 'a', {})).rejects.toMatchObject({ code: 'ObjectNotFoundException' })
  })

  it('refuses what is wrong', async () => {
    const { target } = await serving()
    const action = { ScalableTargetAction: { MinCapacity: 2 } }
    const Schedule = 'rate(1 hour)'
    for (const [input, message] of [
      [{ ...action }, 'Schedule is required'],
      [{ Schedule }, 'At least one of minimum capacity and maximum capacity'],
      [{ Schedule, ScalableTargetAction: {} }, 'At least one of minimum capacity and maximum capacity'],
      [{ Schedule, ScalableTargetAction: { MinCapacity: 3, MaxCapacity: 2 } }, 'cannot be less'],
      [{ Schedule, ScalableTargetAction: { MinCapacity: 0 } }, 'must be at least 1'],
      [{ Schedule, ScalableTargetAction: { MaxCapacity: -1 } }, 'must be at least 1'],
      [{ ...action, Schedule: 'cron(0 9 * * *)' }, 'Invalid schedule expression'],
      [{ ...action, Schedule, Timezone: 'Mars/Base' }, 'time zone'],
      [{ ...action, Schedule: 'at(2027-01-03T00:00:00)' }, 'no time left'],
      [{ ...action, Schedule, EndTime: MONDAY + 1 }, 'no time left'],
      [{ ...action, Schedule: 'rate(999999999 days)' }, 'no time left'],
      [{ ...action, Schedule, StartTime: MONDAY + HOUR, EndTime: MONDAY + HOUR }, 'later than StartTime'],
      [{ ...action, Schedule, StartTime: 1e300 }, 'not a valid time'],
    ] as const)
      await expect(put(target, 'wrong', input)).rejects.toThrow(message)
    expect(await actions(target)).toEqual([])
  })

  it('is made once by whoever comes first', async () => {
    const { target } = await serving()
    const input = { Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 2 } }
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => put(target, 'one', input)))
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'ConcurrentUpdateException' })
    expect(await actions(target)).toHaveLength(1)
  })
})
