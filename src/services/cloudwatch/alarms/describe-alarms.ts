import { sql } from 'kysely'
import type {
  DescribeAlarmsForMetricInput,
  DescribeAlarmsForMetricOutput,
  DescribeAlarmsInput,
  DescribeAlarmsOutput,
  MetricAlarm,
  PutMetricAlarmInput,
} from '../../../model/generated/cloudwatch.ts'
import { decodePageToken, encodePageToken, readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidCombination, invalidNextToken } from '../errors.ts'
import { readDimensions } from '../metrics/dimension-list.ts'
import { formatDimensions } from '../metrics/series.ts'
import { showAlarm } from './alarm-row.ts'

const PAGE = 50

/** DescribeAlarms, in the order of their names. There are metric alarms and no others. */
export async function describeAlarms(
  { database }: CloudwatchDeps,
  input: DescribeAlarmsInput,
  { account, region }: RequestContext,
): Promise<DescribeAlarmsOutput> {
  const { AlarmNames: names, AlarmNamePrefix: prefix, NextToken: token, ActionPrefix: actionPrefix } = input
  if (names !== undefined && prefix !== undefined)
    throw invalidCombination('The parameters AlarmNames and AlarmNamePrefix are mutually exclusive.')
  const others = input.ChildrenOfAlarmName ?? input.ParentsOfAlarmName
  const ofMetrics = input.AlarmTypes === undefined || input.AlarmTypes.includes('MetricAlarm')
  // Only composite alarms have children and parents.
  if (others !== undefined || !ofMetrics || names?.length === 0) return { MetricAlarms: [], CompositeAlarms: [] }
  const { MaxRecords: size = PAGE, NextToken: _token, ...filters } = input
  const scope = JSON.stringify(['DescribeAlarms', account, region, filters])
  let after = token === undefined ? undefined : decodePageToken(scope, token)
  if (token !== undefined && after === undefined) throw invalidNextToken()

  let query = database.query
    .selectFrom('cloudwatch_alarms')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
  if (names !== undefined) query = query.where('name', 'in', [...names])
  // Not LIKE, which takes no notice of case in SQLite.
  if (prefix !== undefined) query = query.where(sql<string>`substr(name, 1, ${[...prefix].length})`, '=', prefix)
  if (input.StateValue !== undefined) query = query.where('state', '=', input.StateValue)

  const alarms: MetricAlarm[] = []
  do {
    // Actions are looked at here, so a page of the answer may take several of the table.
    const page = await readPage(query, ['name'], { size: size - alarms.length, descending: false, after })
    after = page.next
    alarms.push(...page.rows.map(showAlarm).filter((alarm) => hasAction(alarm, actionPrefix)))
  } while (after !== undefined && alarms.length < size)
  return {
    MetricAlarms: alarms,
    CompositeAlarms: [],
    ...(after !== undefined && { NextToken: encodePageToken(scope, after) }),
  }
}

const hasAction = (alarm: MetricAlarm, prefix: string | undefined): boolean =>
  prefix === undefined ||
  [alarm.OKActions, alarm.AlarmActions, alarm.InsufficientDataActions].some((list) =>
    list?.some((arn) => arn.startsWith(prefix)),
  )

/** DescribeAlarmsForMetric: the alarms on one metric; what else is given must be as in the alarm. */
export async function describeAlarmsForMetric(
  { database }: CloudwatchDeps,
  input: DescribeAlarmsForMetricInput,
  { account, region }: RequestContext,
): Promise<DescribeAlarmsForMetricOutput> {
  const rows = await database.query
    .selectFrom('cloudwatch_alarms')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('namespace', '=', input.Namespace)
    .where('metric_name', '=', input.MetricName)
    .where('dimensions', '=', formatDimensions(readDimensions(input.Dimensions, 'Dimensions')))
    .orderBy('name')
    .execute()
  const same = (settings: PutMetricAlarmInput) =>
    (['Statistic', 'ExtendedStatistic', 'Period', 'Unit'] as const).every(
      (member) => input[member] === undefined || input[member] === settings[member],
    )
  return { MetricAlarms: rows.map(showAlarm).filter((alarm) => same(alarm as PutMetricAlarmInput)) }
}
