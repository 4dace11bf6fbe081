import type { SqsOperation, SqsOperations } from '../../model/generated/sqs.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { queueArn, queueOfUrl } from './queue-name.ts'

type Inputs = { readonly [Name in SqsOperation]: NeedsOf<SqsOperations[Name]['input']> }

interface Addressed {
  readonly QueueUrl: string
}

const onQueue =
  (action: SqsOperation) =>
  ({ QueueUrl }: Addressed, { region }: RequestContext): readonly AccessNeed[] => [
    { action: `sqs:${action}`, resource: queueArn(queueOfUrl(QueueUrl, region)) },
  ]

/** No policy opens these to another account. Source: "Overview of managing access in Amazon SQS" (Developer Guide). */
const onOwnQueue =
  (action: SqsOperation) =>
  ({ QueueUrl }: Addressed, { region, account }: RequestContext): readonly AccessNeed[] => {
    const queue = queueOfUrl(QueueUrl, region)
    const need = { action: `sqs:${action}`, resource: queueArn(queue) }
    return [queue.account === account ? need : { ...need, resourceSide: { account: queue.account } }]
  }

function requestTags(tags: Readonly<Record<string, string>> = {}): NonNullable<AccessNeed['conditions']> {
  const names = Object.keys(tags)
  if (names.length === 0) return {}
  const values = names.map((name) => [`aws:requesttag/${name.toLowerCase()}`, tags[name] as string])
  return { ...Object.fromEntries(values), 'aws:tagkeys': names }
}

/** Operations on batches ask for what those on one message ask for. Source: the service authorization reference of Amazon SQS. */
const table: Inputs = {
  AddPermission: onOwnQueue('AddPermission'),
  ChangeMessageVisibility: onQueue('ChangeMessageVisibility'),
  ChangeMessageVisibilityBatch: onQueue('ChangeMessageVisibility'),
  // Who creates a queue with tags must be allowed to tag it as well.
  CreateQueue: ({ QueueName, tags = {} }, { account, region }) => {
    const resource = queueArn({ account, region, name: QueueName })
    const conditions = requestTags(tags)
    const create = { action: 'sqs:CreateQueue', resource, conditions }
    return Object.keys(tags).length === 0 ? [create] : [create, { action: 'sqs:TagQueue', resource, conditions }]
  },
  DeleteMessage: onQueue('DeleteMessage'),
  DeleteMessageBatch: onQueue('DeleteMessage'),
  DeleteQueue: onOwnQueue('DeleteQueue'),
  GetQueueAttributes: onQueue('GetQueueAttributes'),
  GetQueueUrl: ({ QueueName, QueueOwnerAWSAccountId }, { account, region }) => [
    {
      action: 'sqs:GetQueueUrl',
      resource: queueArn({ account: QueueOwnerAWSAccountId ?? account, region, name: QueueName }),
    },
  ],
  ListDeadLetterSourceQueues: onQueue('ListDeadLetterSourceQueues'),
  ListQueueTags: onOwnQueue('ListQueueTags'),
  ListQueues: (_input, { account, region }) => [
    { action: 'sqs:ListQueues', resource: queueArn({ account, region, name: '*' }) },
  ],
  PurgeQueue: onQueue('PurgeQueue'),
  ReceiveMessage: onQueue('ReceiveMessage'),
  RemovePermission: onOwnQueue('RemovePermission'),
  SendMessage: onQueue('SendMessage'),
  SendMessageBatch: onQueue('SendMessage'),
  SetQueueAttributes: onOwnQueue('SetQueueAttributes'),
  TagQueue: (input, context) =>
    onOwnQueue('TagQueue')(input, context).map((need) => ({ ...need, conditions: requestTags(input.Tags) })),
  UntagQueue: (input, context) =>
    onOwnQueue('UntagQueue')(input, context).map((need) => ({ ...need, conditions: { 'aws:tagkeys': input.TagKeys } })),
}

export const sqsAuthorization: AuthorizationTable = table
