import { hash } from 'node:crypto'
import type { PutMetricAlarmInput } from '../../../model/generated/cloudwatch.ts'
import { randomText } from '../../../shared/ids.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { AlarmRow } from '../../../storage/schema/cloudwatch.ts'
import { one, statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import type { AlarmEvent, AlarmState } from '../facade.ts'
import { addHistory } from './alarm-history.ts'
import { alarmArn } from './alarm-row.ts'
import type { StateReason } from './state-reason.ts'

/** Work: take an action of an alarm. The key is the action's row. */
export const ACTION_WORK = 'cloudwatch-alarm-action'

/** Somebody else has changed the alarm meanwhile. Who cannot get through tells the caller so. */
export class AlarmChanged extends ServiceError {
  override readonly name = 'AlarmChanged'
  constructor(alarm: string) {
    super(
      'ConcurrentModificationException',
      `More than one process tried to modify the alarm ${alarm} at the same time.`,
      {
        status: 429,
      },
    )
  }
}

export const isAlarmChanged = (error: unknown): boolean => error instanceof AlarmChanged

type Deps = Pick<CloudwatchDeps, 'database' | 'queue'>

/**
 * The unit of work that brings an alarm into a state: the change, its history and the actions that follow from it, all or
 * nothing. Rejects with AlarmChanged, through its guard, when the alarm is not what it was when it was read.
 */
export function stateChange(
  { database, queue }: Deps,
  row: AlarmRow,
  state: AlarmState,
  reason: { readonly text: string; readonly data: string | undefined },
  now: number,
): readonly Statement[] {
  const isTransition = row.state !== state
  const update = database.query
    .updateTable('cloudwatch_alarms')
    .set({
      state,
      state_reason: reason.text,
      state_reason_data: reason.data ?? null,
      state_updated_at: now,
      ...(isTransition && { state_transitioned_at: now }),
      revision: row.revision + 1,
    })
    .where('id', '=', row.id)
    .where('revision', '=', row.revision)
  const history = addHistory(database, row, row.name, now, {
    type: 'StateUpdate',
    summary: `Alarm updated from ${row.state} to ${state}`,
    data: {
      version: '1.0',
      oldState: stateDocument(row.state, row.state_reason, row.state_reason_data),
      newState: stateDocument(state, reason.text, reason.data ?? null),
    },
  })
  const event = alarmEvent(row, state, reason, now)
  const actions = isTransition && row.actions_enabled === 1 ? actionsOf(event.settings, state) : []
  return [
    statement(
      update,
      one(() => new AlarmChanged(row.name)),
    ),
    history,
    ...actions.flatMap((arn) => enqueueAction({ database, queue }, event, arn, randomText(20), now)),
  ]
}

/**
 * The statements that tell scaling policies again of a state that lasts, as CloudWatch does once a period; none while one
 * has not been told of it yet, or has been less than about a period ago.
 */
export async function repeatScaling(
  deps: Deps,
  row: AlarmRow,
  reason: StateReason,
  now: number,
  everyMilliseconds: number,
): Promise<readonly Statement[]> {
  const state = row.state as AlarmState
  if (row.actions_enabled !== 1) return []
  const event = alarmEvent(row, state, reason, now)
  const policies = actionsOf(event.settings, state).filter((arn) => SCALING.test(arn))
  if (policies.length === 0) return []
  const last = await lastAction(deps.database, row)
  if (last !== undefined && now - last < everyMilliseconds / 2) return []
  return policies.flatMap((arn) =>
    enqueueAction(deps, event, arn, `${row.id}-${hash('sha256', arn).slice(0, 20)}`, now),
  )
}

/** When the alarm's last action was taken. */
async function lastAction({ query }: Database, { account, region, name }: AlarmRow): Promise<number | undefined> {
  const found = await query
    .selectFrom('cloudwatch_alarm_history')
    .select('at')
    .where((of) => of.and({ account, region, alarm_name: name, type: 'Action' }))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return found?.at
}

const SCALING = /^arn:[a-z0-9-]+:autoscaling:/

function actionsOf(settings: PutMetricAlarmInput, state: AlarmState): readonly string[] {
  const { OKActions, AlarmActions, InsufficientDataActions } = settings
  const actions = { OK: OKActions, ALARM: AlarmActions, INSUFFICIENT_DATA: InsufficientDataActions }[state] ?? []
  return [...new Set(actions)]
}

function alarmEvent(
  row: AlarmRow,
  newState: AlarmState,
  reason: { readonly text: string; readonly data: string | undefined },
  at: number,
): AlarmEvent {
  return {
    account: row.account,
    region: row.region,
    alarmName: row.name,
    alarmArn: alarmArn(row, row.name),
    newState,
    oldState: row.state as AlarmState,
    reason: reason.text,
    reasonData: reason.data,
    at,
    configuredAt: row.configured_at,
    settings: JSON.parse(row.settings) as PutMetricAlarmInput,
  }
}

/** An id that is there already means an action that has still to be taken: one is enough. */
function enqueueAction(
  { database, queue }: Deps,
  event: AlarmEvent,
  action: string,
  id: string,
  now: number,
): Statement[] {
  const { account, region, alarmName } = event
  const row = { id, account, region, alarm_name: alarmName, action, event: JSON.stringify(event), created_at: now }
  return [
    statement(
      database.query
        .insertInto('cloudwatch_alarm_actions')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doNothing()),
    ),
    queue.enqueue(ACTION_WORK, id),
  ]
}

const stateDocument = (stateValue: string, stateReason: string, data: string | null) => ({
  stateValue,
  stateReason,
  ...(data !== null && { stateReasonData: parsed(data) }),
})

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
