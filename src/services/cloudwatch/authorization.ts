import type { CloudwatchOperation, CloudwatchOperations } from '../../model/generated/cloudwatch.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'

type Inputs = { readonly [Name in CloudwatchOperation]: NeedsOf<CloudwatchOperations[Name]['input']> }

/** Metrics are no resources: what is about them is allowed on `*`. */
const onMetrics = (action: string) => (): readonly AccessNeed[] => [{ action: `cloudwatch:${action}`, resource: '*' }]

/** Source: the service authorization reference of Amazon CloudWatch. */
const table: Inputs = {
  GetMetricStatistics: onMetrics('GetMetricStatistics'),
  ListMetrics: onMetrics('ListMetrics'),
  PutMetricData: (input) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      conditions: { 'cloudwatch:namespace': input.Namespace },
    },
  ],
}

export const cloudwatchAuthorization: AuthorizationTable = table
