import type { LogsOperation, LogsOperations } from '../../model/generated/logs.ts'
import { formatArn, parseArn } from '../../shared/arn.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'

type Inputs = { readonly [Name in LogsOperation]: NeedsOf<LogsOperations[Name]['input']> }

/**
 * As policies name the group, however the request does: handlers take it with and without `:*`, and of whatever
 * partition, so that neither must get round a policy that denies it.
 */
function groupArn(group: string | undefined, { account, region }: RequestContext, tail: string): string {
  const arn = parseArn(group ?? '')
  return arn === undefined
    ? formatArn({ service: 'logs', region, account, resource: `log-group:${group ?? '*'}${tail}` })
    : formatArn({ ...arn, partition: 'aws', resource: `${arn.resource.replace(/:\*$/, '')}${tail}` })
}

interface Named {
  readonly logGroupName?: string
  readonly logGroupIdentifier?: string
}

/** Group ARNs of CloudWatch Logs end in `:*` where an action is on the group. */
const onGroup =
  (action: string) =>
  (input: Named, context: RequestContext): readonly AccessNeed[] => [
    { action: `logs:${action}`, resource: groupArn(input.logGroupName ?? input.logGroupIdentifier, context, ':*') },
  ]

const onStream =
  (action: string) =>
  (input: Named & { readonly logStreamName: string }, context: RequestContext): readonly AccessNeed[] => [
    {
      action: `logs:${action}`,
      resource: groupArn(input.logGroupName ?? input.logGroupIdentifier, context, `:log-stream:${input.logStreamName}`),
    },
  ]

const onArn =
  (action: string) =>
  ({ resourceArn }: { readonly resourceArn: string }, context: RequestContext): readonly AccessNeed[] => [
    { action: `logs:${action}`, resource: groupArn(resourceArn, context, '') },
  ]

/** Source: the service authorization reference of Amazon CloudWatch Logs. */
const table: Inputs = {
  CreateLogGroup: onGroup('CreateLogGroup'),
  CreateLogStream: onGroup('CreateLogStream'),
  DeleteLogGroup: onGroup('DeleteLogGroup'),
  DeleteLogStream: onStream('DeleteLogStream'),
  DeleteRetentionPolicy: onGroup('DeleteRetentionPolicy'),
  DescribeLogGroups: (_input, context) => onGroup('DescribeLogGroups')({}, context),
  DescribeLogStreams: onGroup('DescribeLogStreams'),
  FilterLogEvents: onGroup('FilterLogEvents'),
  GetLogEvents: onStream('GetLogEvents'),
  ListTagsForResource: onArn('ListTagsForResource'),
  ListTagsLogGroup: onGroup('ListTagsLogGroup'),
  PutLogEvents: onStream('PutLogEvents'),
  PutRetentionPolicy: onGroup('PutRetentionPolicy'),
  TagLogGroup: onGroup('TagLogGroup'),
  TagResource: onArn('TagResource'),
  UntagLogGroup: onGroup('UntagLogGroup'),
  UntagResource: onArn('UntagResource'),
}

export const logsAuthorization: AuthorizationTable = table
