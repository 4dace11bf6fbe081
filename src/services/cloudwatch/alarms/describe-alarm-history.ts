import type {
  DescribeAlarmHistoryInput,
  DescribeAlarmHistoryOutput,
  HistoryItemType,
} from '../../../model/generated/cloudwatch.ts'
import { decodePageToken, encodePageToken, readPage } from '../../../shared/pagination.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidNextToken } from '../errors.ts'

const PAGE = 100

/** DescribeAlarmHistory, the newest first unless asked otherwise; of all alarms, deleted ones too, when none is named. */
export async function describeAlarmHistory(
  { database }: CloudwatchDeps,
  input: DescribeAlarmHistoryInput,
  { account, region }: RequestContext,
): Promise<DescribeAlarmHistoryOutput> {
  if (input.AlarmContributorId !== undefined) throw notImplemented('DescribeAlarmHistory with AlarmContributorId')
  if (input.AlarmTypes !== undefined && !input.AlarmTypes.includes('MetricAlarm')) return { AlarmHistoryItems: [] }
  const { MaxRecords: size = PAGE, NextToken: token, ...filters } = input
  const scope = JSON.stringify(['DescribeAlarmHistory', account, region, filters])
  const after = token === undefined ? undefined : decodePageToken(scope, token)
  if (token !== undefined && after === undefined) throw invalidNextToken()
  let query = database.query
    .selectFrom('cloudwatch_alarm_history')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
  if (input.AlarmName !== undefined) query = query.where('alarm_name', '=', input.AlarmName)
  if (input.HistoryItemType !== undefined) query = query.where('type', '=', input.HistoryItemType)
  if (input.StartDate !== undefined) query = query.where('at', '>=', input.StartDate)
  if (input.EndDate !== undefined) query = query.where('at', '<=', input.EndDate)
  const descending = input.ScanBy !== 'TimestampAscending'
  const { rows, next } = await readPage(query, ['id'], { size, descending, after })
  return {
    AlarmHistoryItems: rows.map((row) => ({
      AlarmName: row.alarm_name,
      AlarmType: 'MetricAlarm',
      Timestamp: row.at,
      HistoryItemType: row.type as HistoryItemType,
      HistorySummary: row.summary,
      HistoryData: row.data,
    })),
    ...(next !== undefined && { NextToken: encodePageToken(scope, next) }),
  }
}
