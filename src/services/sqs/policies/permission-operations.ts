import type { AddPermissionRequest, RemovePermissionRequest } from '../../../model/generated/sqs.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, invalidValue, overLimit } from '../errors.ts'
import { queueOfUrl } from '../queue-name.ts'
import { changeQueue } from '../queues/change-queue.ts'
import { withAttributes } from '../queues/queue-attributes.ts'
import type { SqsDeps } from '../sqs-deps.ts'

interface PolicyDocument {
  readonly Version: string
  readonly Id?: string
  readonly Statement: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[]
}

const LABEL = /^[A-Za-z0-9_-]{1,80}$/
/** What a queue's owner can hand out by AddPermission. Source: AddPermission (Amazon SQS API Reference). */
const ACTIONS = [
  '*',
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
  'ReceiveMessage',
  'SendMessage',
]
const MOST_ACTIONS = 7

const statementsOf = (document: PolicyDocument): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(document.Statement) ? document.Statement : [document.Statement as Readonly<Record<string, unknown>>]

export async function addPermission(
  deps: SqsDeps,
  input: AddPermissionRequest,
  context: RequestContext,
): Promise<undefined> {
  const { Label, AWSAccountIds, Actions } = input
  if (!LABEL.test(Label))
    throw invalidValue(
      Label,
      'Label',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.',
    )
  if (Actions.length === 0 || AWSAccountIds.length === 0)
    throw invalidParameter('The request must name an account and an action.')
  if (Actions.length > MOST_ACTIONS)
    throw overLimit(`${Actions.length} Actions were found, maximum allowed is ${MOST_ACTIONS}.`)
  const unknown = Actions.find((action) => !ACTIONS.includes(action))
  if (unknown !== undefined)
    throw invalidValue(`SQS:${unknown}`, 'ActionName', 'Only the queue owner is allowed to invoke this action.')
  const nobody = AWSAccountIds.find((id) => !/^\d{12}$/.test(id))
  if (nobody !== undefined) throw invalidValue(nobody, 'PrincipalId', 'Unable to verify.')
  await changeQueue(deps, queueOfUrl(input.QueueUrl, context.region), ({ attributes, arn }) => {
    const document: PolicyDocument =
      attributes.Policy === undefined
        ? { Version: '2008-10-17', Id: `${arn}/SQSDefaultPolicy`, Statement: [] }
        : (JSON.parse(attributes.Policy) as PolicyDocument)
    const before = statementsOf(document)
    if (before.some(({ Sid }) => Sid === Label)) throw invalidValue(Label, 'Label', 'Already exists.')
    const added = {
      Sid: Label,
      Effect: 'Allow',
      Principal: { AWS: AWSAccountIds.map((id) => `arn:aws:iam::${id}:root`) },
      Action: Actions.map((action) => `SQS:${action}`),
      Resource: arn,
    }
    return {
      attributes: withAttributes(attributes, {
        Policy: JSON.stringify({ ...document, Statement: [...before, added] }),
      }),
    }
  })
  return undefined
}

export async function removePermission(
  deps: SqsDeps,
  { Label, QueueUrl }: RemovePermissionRequest,
  context: RequestContext,
): Promise<undefined> {
  await changeQueue(deps, queueOfUrl(QueueUrl, context.region), ({ attributes }) => {
    const document = JSON.parse(attributes.Policy ?? '{"Statement":[]}') as PolicyDocument
    const before = statementsOf(document)
    const after = before.filter(({ Sid }) => Sid !== Label)
    if (after.length === before.length) throw invalidValue(Label, 'Label', "can't find label.")
    const Policy = after.length === 0 ? '' : JSON.stringify({ ...document, Statement: after })
    return { attributes: withAttributes(attributes, { Policy }) }
  })
  return undefined
}
