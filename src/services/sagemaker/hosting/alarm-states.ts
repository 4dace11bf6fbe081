/** Tells which alarms are raised, for updates that are to be undone by them. */
export interface AlarmStates {
  /** Those of the named alarms that are in ALARM. One that does not exist is not. */
  inAlarm(account: string, region: string, names: readonly string[]): Promise<readonly string[]>
}
