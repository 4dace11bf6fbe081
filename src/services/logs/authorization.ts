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

function withRequestTags(
  needs: readonly AccessNeed[],
  tags: Readonly<Record<string, string>> = {},
): readonly AccessNeed[] {
  const names = Object.keys(tags)
  if (names.length === 0) return needs
  const requested = names.map((name) => [`aws:requesttag/${name.toLowerCase()}`, tags[name] as string])
  return needs.map((need) => ({ ...need, conditions: { ...Object.fromEntries(requested), 'aws:tagkeys': names } }))
}

/** Source: the service authorization reference of Amazon CloudWatch Logs. */
const table: Inputs = {
  // Who creates a group with tags must be allowed to tag it as well.
  CreateLogGroup: (input, context) =>
    (['CreateLogGroup', ...(Object.keys(input.tags ?? {}).length > 0 ? ['TagResource'] : [])] as const).flatMap(
      (action) => withRequestTags(onGroup(action)(input, context), input.tags),
    ),
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
  TagLogGroup: (input, context) => withRequestTags(onGroup('TagLogGroup')(input, context), input.tags),
  TagResource: (input, context) => withRequestTags(onArn('TagResource')(input, context), input.tags),
  UntagLogGroup: onGroup('UntagLogGroup'),
  UntagResource: onArn('UntagResource'),
}

export const logsAuthorization: AuthorizationTable = table
