import type { LogsOperation, LogsOperations } from '../../model/generated/logs.ts'
import type { Operation, OperationTable } from '../operation.ts'
import type { LogsDeps } from './deps.ts'
import { filterLogEvents } from './log-events/filter-log-events.ts'
import { getLogEvents } from './log-events/get-log-events.ts'
import { putLogEvents } from './log-events/put-log-events.ts'
import { createLogGroup } from './log-groups/create-log-group.ts'
import { deleteLogGroup } from './log-groups/delete-log-group.ts'
import { deleteRetentionPolicy } from './log-groups/delete-retention-policy.ts'
import { describeLogGroups } from './log-groups/describe-log-groups.ts'
import { putRetentionPolicy } from './log-groups/put-retention-policy.ts'
import { createLogStream } from './log-streams/create-log-stream.ts'
import { deleteLogStream } from './log-streams/delete-log-stream.ts'
import { describeLogStreams } from './log-streams/describe-log-streams.ts'
import * as tags from './tags/tag-operations.ts'

type LogsTable = {
  readonly [Name in LogsOperation]: Operation<LogsOperations[Name]['input'], LogsOperations[Name]['output']>
}

/** CloudWatch Logs. */
export const createLogsService = (deps: LogsDeps): OperationTable =>
  ({
    CreateLogGroup: (input, context) => createLogGroup(deps, input, context),
    CreateLogStream: (input, context) => createLogStream(deps, input, context),
    DeleteLogGroup: (input, context) => deleteLogGroup(deps, input, context),
    DeleteLogStream: (input, context) => deleteLogStream(deps, input, context),
    DeleteRetentionPolicy: (input, context) => deleteRetentionPolicy(deps, input, context),
    DescribeLogGroups: (input, context) => describeLogGroups(deps, input, context),
    DescribeLogStreams: (input, context) => describeLogStreams(deps, input, context),
    FilterLogEvents: (input, context) => filterLogEvents(deps, input, context),
    GetLogEvents: (input, context) => getLogEvents(deps, input, context),
    ListTagsForResource: (input, context) => tags.listTagsForResource(deps, input, context),
    ListTagsLogGroup: (input, context) => tags.listTagsLogGroup(deps, input, context),
    PutLogEvents: (input, context) => putLogEvents(deps, input, context),
    PutRetentionPolicy: (input, context) => putRetentionPolicy(deps, input, context),
    TagLogGroup: (input, context) => tags.tagLogGroup(deps, input, context),
    TagResource: (input, context) => tags.tagResource(deps, input, context),
    UntagLogGroup: (input, context) => tags.untagLogGroup(deps, input, context),
    UntagResource: (input, context) => tags.untagResource(deps, input, context),
  }) satisfies LogsTable
