import { randomText } from '../../../shared/ids.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { AlarmOwner } from '../facade.ts'

export type HistoryType = 'ConfigurationUpdate' | 'StateUpdate' | 'Action'

export interface HistoryItem {
  readonly type: HistoryType
  readonly summary: string
  readonly data: unknown
}

/** Longest members of an item. Source: AlarmHistoryItem. */
const LONGEST_SUMMARY = 255
const LONGEST_DATA = 4095

let count = 0

/** Grows with time, and with every item of this process. */
const historyId = (at: number): string =>
  `${String(at).padStart(15, '0')}-${String(count++ % 1e9).padStart(9, '0')}-${randomText(4)}`

/** The statement that adds an item to an alarm's history, for the unit of work that it tells of. */
export function addHistory(
  { query }: Database,
  owner: AlarmOwner,
  alarmName: string,
  at: number,
  item: HistoryItem,
): Statement {
  const data = JSON.stringify(item.data)
  return statement(
    query.insertInto('cloudwatch_alarm_history').values({
      id: historyId(at),
      account: owner.account,
      region: owner.region,
      alarm_name: alarmName,
      at,
      type: item.type,
      summary: item.summary.slice(0, LONGEST_SUMMARY),
      data: data.length <= LONGEST_DATA ? data : JSON.stringify({ version: '1.0', shortened: true }),
    }),
  )
}
