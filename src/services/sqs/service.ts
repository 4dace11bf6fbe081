import type { SqsOperation, SqsOperations } from '../../model/generated/sqs.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { changeMessageVisibility, changeMessageVisibilityBatch } from './messages/change-visibility.ts'
import { deleteMessage, deleteMessageBatch } from './messages/delete-message.ts'
import { sendMessage, sendMessageBatch } from './messages/send-message.ts'
import { addPermission, removePermission } from './policies/permission-operations.ts'
import { createQueue } from './queues/create-queue.ts'
import { deleteQueue, purgeQueue } from './queues/delete-queue.ts'
import { getQueueUrl, listDeadLetterSourceQueues, listQueues } from './queues/list-queues.ts'
import { getQueueAttributes, setQueueAttributes } from './queues/queue-attribute-operations.ts'
import { receiveMessage } from './receiving/receive-message.ts'
import type { SqsDeps } from './sqs-deps.ts'
import { listQueueTags, tagQueue, untagQueue } from './tags/tag-operations.ts'

type SqsTable = {
  readonly [Name in SqsOperation]: Operation<SqsOperations[Name]['input'], SqsOperations[Name]['output']>
}

/** Standard queues of SQS. FIFO queues, keys of KMS and moving messages back are refused by name. */
export const createSqsService = (deps: SqsDeps): OperationTable =>
  ({
    AddPermission: (input, context) => addPermission(deps, input, context),
    ChangeMessageVisibility: (input, context) => changeMessageVisibility(deps, input, context),
    ChangeMessageVisibilityBatch: (input, context) => changeMessageVisibilityBatch(deps, input, context),
    CreateQueue: (input, context) => createQueue(deps, input, context),
    DeleteMessage: (input, context) => deleteMessage(deps, input, context),
    DeleteMessageBatch: (input, context) => deleteMessageBatch(deps, input, context),
    DeleteQueue: (input, context) => deleteQueue(deps, input, context),
    GetQueueAttributes: (input, context) => getQueueAttributes(deps, input, context),
    GetQueueUrl: (input, context) => getQueueUrl(deps, input, context),
    ListDeadLetterSourceQueues: (input, context) => listDeadLetterSourceQueues(deps, input, context),
    ListQueueTags: (input, context) => listQueueTags(deps, input, context),
    ListQueues: (input, context) => listQueues(deps, input, context),
    PurgeQueue: (input, context) => purgeQueue(deps, input, context),
    ReceiveMessage: (input, context) => receiveMessage(deps, input, context),
    RemovePermission: (input, context) => removePermission(deps, input, context),
    SendMessage: (input, context) => sendMessage(deps, input, context),
    SendMessageBatch: (input, context) => sendMessageBatch(deps, input, context),
    SetQueueAttributes: (input, context) => setQueueAttributes(deps, input, context),
    TagQueue: (input, context) => tagQueue(deps, input, context),
    UntagQueue: (input, context) => untagQueue(deps, input, context),
  }) satisfies SqsTable
