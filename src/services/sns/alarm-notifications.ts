import { anonymousPrincipal, servicePrincipal } from '../../access/principals.ts'
import type { PutMetricAlarmInput } from '../../model/generated/cloudwatch.ts'
import { ServiceError } from '../../wire/service-error.ts'
import { AlarmActionRefused, type AlarmActions, type AlarmEvent } from '../cloudwatch/facade.ts'
import type { SnsDeps } from './sns-deps.ts'
import { opened } from './sns-facade.ts'
import { topicArn, topicOfArn } from './topic-name.ts'

const CLOUDWATCH = servicePrincipal('cloudwatch.amazonaws.com')

/**
 * Publishes the state of alarms, as CloudWatch, which the topic's policy must let in: by its name, or as everybody acting for
 * the alarm's account (`aws:SourceOwner`), as the policy of a new topic does.
 */
export function alarmNotifications(deps: SnsDeps): AlarmActions {
  return {
    handles: (arn) => topicOfArn(arn) !== undefined,
    async run(arn, event) {
      const name = topicOfArn(arn)
      if (name === undefined) throw new AlarmActionRefused(`${arn} is no topic`)
      if (!(await isLetIn(deps, topicArn(name), event)))
        throw new AlarmActionRefused(`CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: ${arn}`)
      try {
        const topic = opened(deps, await deps.topics.require(name))
        const { statements } = topic.publication({ message: messageOf(event), subject: subjectOf(event) })
        await deps.database.commit(statements)
      } catch (error) {
        if (error instanceof ServiceError && error.status < 500) throw new AlarmActionRefused(error.message)
        throw error
      }
      return `Successfully executed action ${arn}`
    },
  }
}

async function isLetIn({ authorizer }: SnsDeps, resource: string, event: AlarmEvent): Promise<boolean> {
  const conditions = {
    'aws:sourcearn': event.alarmArn,
    'aws:sourceaccount': event.account,
    'aws:sourceowner': event.account,
  }
  const question = { action: 'sns:Publish', resource, conditions }
  const asService = await authorizer.decide({ ...question, principal: CLOUDWATCH })
  if (asService.allowed || asService.explicit) return asService.allowed
  return (await authorizer.decide({ ...question, principal: anonymousPrincipal })).allowed
}

/** Printable ASCII of at most 100 characters. */
function subjectOf({ newState, alarmName, region }: AlarmEvent): string {
  const subject = `${newState}: "${alarmName}" in ${REGIONS[region] ?? region}`.replace(/[^\x20-\x7e]/g, '?')
  return subject.length <= 100 ? subject : `${subject.slice(0, 97)}...`
}

/** As CloudWatch names regions in its messages. */
const REGIONS: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'ca-central-1': 'Canada (Central)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-west-1': 'EU (Ireland)',
  'eu-west-2': 'EU (London)',
  'eu-west-3': 'EU (Paris)',
  'eu-north-1': 'EU (Stockholm)',
  'ap-south-1': 'Asia Pacific (Mumbai)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
  'sa-east-1': 'South America (Sao Paulo)',
}

/** CloudWatch's times have a zone without a colon. */
const timeOf = (at: number): string => new Date(at).toISOString().replace('Z', '+0000')

/** Source: the messages that CloudWatch sends of alarms, as "Invoking functions from alarms" and its examples show them. */
function messageOf(event: AlarmEvent): string {
  const { settings } = event
  return JSON.stringify({
    AlarmName: event.alarmName,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: event.account,
    AlarmConfigurationUpdatedTimestamp: timeOf(event.configuredAt),
    NewStateValue: event.newState,
    NewStateReason: event.reason,
    StateChangeTime: timeOf(event.at),
    Region: REGIONS[event.region] ?? event.region,
    AlarmArn: event.alarmArn,
    OldStateValue: event.oldState,
    OKActions: settings.OKActions ?? [],
    AlarmActions: settings.AlarmActions ?? [],
    InsufficientDataActions: settings.InsufficientDataActions ?? [],
    Trigger: triggerOf(settings),
  })
}

const STATISTICS: Readonly<Record<string, string>> = {
  Average: 'AVERAGE',
  Sum: 'SUM',
  Minimum: 'MINIMUM',
  Maximum: 'MAXIMUM',
  SampleCount: 'SAMPLE_COUNT',
}

function triggerOf(settings: PutMetricAlarmInput): Readonly<Record<string, unknown>> {
  const { Statistic, ExtendedStatistic, Metrics, Dimensions = [] } = settings
  const rules = {
    Period: settings.Period,
    EvaluationPeriods: settings.EvaluationPeriods,
    ...(settings.DatapointsToAlarm !== undefined && { DatapointsToAlarm: settings.DatapointsToAlarm }),
    ComparisonOperator: settings.ComparisonOperator,
    Threshold: settings.Threshold,
    TreatMissingData: settings.TreatMissingData ?? '',
    EvaluateLowSampleCountPercentile: settings.EvaluateLowSampleCountPercentile ?? '',
  }
  if (Metrics !== undefined) return { ...rules, Metrics }
  return {
    MetricName: settings.MetricName,
    Namespace: settings.Namespace,
    ...(Statistic === undefined
      ? { StatisticType: 'ExtendedStatistic', ExtendedStatistic }
      : { StatisticType: 'Statistic', Statistic: STATISTICS[Statistic] ?? Statistic }),
    Unit: settings.Unit ?? null,
    Dimensions: Dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
    ...rules,
  }
}
