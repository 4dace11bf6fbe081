import type { CloudwatchOperation, CloudwatchOperations } from '../../model/generated/cloudwatch.ts'
import type { Operation, OperationTable } from '../operation.ts'
import type { CloudwatchDeps } from './cloudwatch-deps.ts'
import { getMetricStatistics } from './metrics/get-metric-statistics.ts'
import { listMetrics } from './metrics/list-metrics.ts'
import { putMetricData } from './metrics/put-metric-data.ts'

type CloudwatchTable = {
  readonly [Name in CloudwatchOperation]: Operation<
    CloudwatchOperations[Name]['input'],
    CloudwatchOperations[Name]['output']
  >
}

/** CloudWatch's metrics and alarms. */
export const createCloudwatchService = (deps: CloudwatchDeps): OperationTable =>
  ({
    GetMetricStatistics: (input, context) => getMetricStatistics(deps, input, context),
    ListMetrics: (input, context) => listMetrics(deps, input, context),
    PutMetricData: (input, context) => putMetricData(deps, input, context),
  }) satisfies CloudwatchTable
