import type { SetAlarmStateInput } from '../../../model/generated/cloudwatch.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { alarmNotFound } from '../errors.ts'
import { findAlarm } from './alarm-row.ts'
import { isAlarmChanged, stateChange } from './change-state.ts'

/** SetAlarmState: holds until the alarm is looked at the next time. Its actions are taken. */
export async function setAlarmState(
  deps: CloudwatchDeps,
  input: SetAlarmStateInput,
  context: RequestContext,
): Promise<undefined> {
  const { AlarmName: name, StateValue: state, StateReason: text, StateReasonData: data } = input
  if (data !== undefined && !isJson(data)) throw new ServiceError('InvalidFormat', 'StateReasonData is not valid JSON.')
  const set = async () => {
    const row = await findAlarm(deps.database, context, name)
    if (row === undefined) throw alarmNotFound(name)
    await deps.database.commit(stateChange(deps, row, state, { text, data }, context.now))
  }
  await retryOvertaken(set, isAlarmChanged, context.signal)
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
