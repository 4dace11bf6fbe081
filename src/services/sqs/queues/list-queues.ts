import type {
  GetQueueUrlRequest,
  GetQueueUrlResult,
  ListDeadLetterSourceQueuesRequest,
  ListDeadLetterSourceQueuesResult,
  ListQueuesRequest,
  ListQueuesResult,
} from '../../../model/generated/sqs.ts'
import { decodePageToken, encodePageToken, readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, invalidValue } from '../errors.ts'
import { type QueueName, queueOfUrl, queueUrl } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { type QueueAttributes, redriveOf } from './queue-attributes.ts'

const MOST = 1_000

export async function getQueueUrl(
  deps: SqsDeps,
  { QueueName, QueueOwnerAWSAccountId }: GetQueueUrlRequest,
  context: RequestContext,
): Promise<GetQueueUrlResult> {
  const account = QueueOwnerAWSAccountId ?? context.account
  const queue = await deps.catalog.requireStored({ account, region: context.region, name: QueueName })
  return { QueueUrl: queueUrl(context.baseUrl, queue) }
}

/** A page holds up to 1,000 queues. Without MaxResults there is no NextToken, as in AWS. */
export async function listQueues(
  deps: SqsDeps,
  input: ListQueuesRequest,
  context: RequestContext,
): Promise<ListQueuesResult> {
  const { QueueNamePrefix = '' } = input
  const { queues, NextToken } = await page(deps, input, context, `ListQueues ${QueueNamePrefix}`, ({ name }) =>
    name.startsWith(QueueNamePrefix),
  )
  return {
    ...(queues.length > 0 && { QueueUrls: queues.map((queue) => queueUrl(context.baseUrl, queue)) }),
    ...(NextToken !== undefined && { NextToken }),
  }
}

export async function listDeadLetterSourceQueues(
  deps: SqsDeps,
  input: ListDeadLetterSourceQueuesRequest,
  context: RequestContext,
): Promise<ListDeadLetterSourceQueuesResult> {
  const target = await deps.catalog.require(queueOfUrl(input.QueueUrl, context.region))
  const owner = { ...context, account: target.account }
  const { queues, NextToken } = await page(
    deps,
    input,
    owner,
    `ListDeadLetterSourceQueues ${target.arn}`,
    ({ attributes }) => redriveOf(attributes)?.deadLetterTargetArn === target.arn,
  )
  return {
    queueUrls: queues.map((queue) => queueUrl(context.baseUrl, queue)),
    ...(NextToken !== undefined && { NextToken }),
  }
}

interface Listed extends QueueName {
  readonly attributes: QueueAttributes
}

/** Walks through the account's queues in the order of their names until a page of those that count is full. */
async function page(
  { database }: SqsDeps,
  { MaxResults, NextToken }: { readonly MaxResults?: number; readonly NextToken?: string },
  { account, region }: Pick<RequestContext, 'account' | 'region'>,
  list: string,
  counts: (queue: Listed) => boolean,
): Promise<{ readonly queues: readonly Listed[]; readonly NextToken: string | undefined }> {
  if (MaxResults !== undefined && (MaxResults < 1 || MaxResults > MOST))
    throw invalidValue(MaxResults, 'MaxResults', `Must be between 1 and ${MOST}.`)
  const scope = `sqs ${account} ${region} ${list}`
  let after = NextToken === undefined ? undefined : decodePageToken(scope, NextToken)
  if (NextToken !== undefined && after === undefined) throw invalidParameter('Invalid or expired next token.')
  const size = MaxResults ?? MOST
  const queues: Listed[] = []
  for (;;) {
    const read = await readPage(
      database.query
        .selectFrom('sqs_queues')
        .select(['account', 'region', 'name', 'attributes'])
        .where((of) => of.and({ account, region })),
      ['name'],
      { size: MOST, descending: false, after },
    )
    for (const row of read.rows) {
      const queue = { ...row, attributes: JSON.parse(row.attributes) as QueueAttributes }
      if (!counts(queue)) continue
      if (queues.length === size) {
        const last = (queues.at(-1) as Listed).name
        return { queues, NextToken: MaxResults === undefined ? undefined : encodePageToken(scope, [last]) }
      }
      queues.push(queue)
    }
    if (read.next === undefined) return { queues, NextToken: undefined }
    after = read.next
  }
}
