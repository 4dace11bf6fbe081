import type { CloudwatchFacade } from '../../cloudwatch/facade.ts'

/** Tells which alarms are raised, for updates that are to be undone by them. */
export interface AlarmStates {
  /** Those of the named alarms that are in ALARM. One that does not exist is not. */
  inAlarm(account: string, region: string, names: readonly string[]): Promise<readonly string[]>
}

export const cloudwatchAlarms = (cloudwatch: Pick<CloudwatchFacade, 'alarmStates'>): AlarmStates => ({
  async inAlarm(account, region, names) {
    const states = await cloudwatch.alarmStates({ account, region }, names)
    return names.filter((name) => states.get(name) === 'ALARM')
  },
})
