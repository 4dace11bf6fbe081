import { createPolicyCache } from '../../src/access/policy/policy-cache.ts'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { WorkQueue } from '../../src/control/work-queue.ts'
import type { SnsOperation, SnsOperations } from '../../src/model/generated/sns.ts'
import type { SqsOperation, SqsOperations } from '../../src/model/generated/sqs.ts'
import { loadService } from '../../src/model/service-description.ts'
import type { AuthorizationTable } from '../../src/services/authorization.ts'
import type { LambdaFacade } from '../../src/services/lambda/facade.ts'
import type { OperationTable, RequestContext } from '../../src/services/operation.ts'
import { snsAuthorization } from '../../src/services/sns/authorization.ts'
import { createSnsDirectory } from '../../src/services/sns/resource-directory.ts'
import { type Sns, startSns } from '../../src/services/sns/start-sns.ts'
import { TopicCatalog } from '../../src/services/sns/topics/topic-catalog.ts'
import { sqsAuthorization } from '../../src/services/sqs/authorization.ts'
import { QueueCatalog } from '../../src/services/sqs/queues/queue-catalog.ts'
import { createSqsDirectory } from '../../src/services/sqs/resource-directory.ts'
import { type Sqs, startSqs } from '../../src/services/sqs/start-sqs.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { validateInput } from '../../src/wire/validate-input.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { Identities } from './identities.ts'
import { ACCOUNT, accountRoot } from './s3-service.ts'

const REGION = 'us-east-1'
const URL_OF_SERVER = 'http://127.0.0.1:8770'

/** SQS and SNS over a real database and work queue. */
export interface TestMessaging {
  readonly database: Database & { commitCount(): number }
  readonly queue: WorkQueue
  readonly identities: Identities
  readonly sns: Sns
  readonly sqs: Sqs
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  /** As in the gateway: validated, authorised, handed to the handler. */
  topics<Name extends SnsOperation>(
    name: Name,
    input: SnsOperations[Name]['input'],
    context?: Partial<RequestContext>,
  ): Promise<SnsOperations[Name]['output']>
  queues<Name extends SqsOperation>(
    name: Name,
    input: SqsOperations[Name]['input'],
    context?: Partial<RequestContext>,
  ): Promise<SqsOperations[Name]['output']>
  /** Moves the clock on, and has the work queue look what is due. */
  pass(milliseconds: number): Promise<void>
  /** Makes a queue; `from` is the topic that may send to it. */
  makeQueue(name: string, from?: string): Promise<{ readonly url: string; readonly arn: string }>
  /** The bodies of what is in a queue; they are deleted. */
  drain(url: string): Promise<readonly string[]>
  stop(): Promise<void>
}

interface Options {
  readonly allowedNetworks?: readonly string[]
  readonly lambda?: LambdaFacade
}

const noFunctions: LambdaFacade = {
  invoke: () => Promise.reject(new Error('there are no functions here')),
  openFunction: () => Promise.reject(new Error('there are no functions here')),
}

export async function startMessaging(store: TestStore, options: Options = {}): Promise<TestMessaging> {
  const database = await store.open()
  const service = { now: 1_800_000_000_000 } as TestMessaging
  const clock = { now: () => service.now }
  const watch = watchCommits(database, silentLogger)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log: silentLogger })
  // Leases run by the same clock, which tests move by hours.
  const leaseMilliseconds = 48 * 60 * 60_000
  const queue = createWorkQueue({ db: database, watch, clock, log: silentLogger, leaseMilliseconds })
  const box = createSealedBox(new Uint8Array(32).fill(7))
  const policies = createPolicyCache()
  const catalog = new QueueCatalog(database, changeFeed)
  const topics = new TopicCatalog(database, changeFeed)
  const authorizer = testAuthorizer(database, changeFeed, {
    sqs: createSqsDirectory(catalog, policies),
    sns: createSnsDirectory(topics, policies),
  })
  const parts = { database, queue, changeFeed, clock, log: silentLogger, authorizer, box }
  const sqs = await startSqs({ ...parts, watch, catalog })
  const sns = await startSns({
    ...parts,
    topics,
    sqs: sqs.facade,
    lambda: options.lambda ?? noFunctions,
    endpointUrl: URL_OF_SERVER,
    settings: { allowedNetworks: options.allowedNetworks ?? ['127.0.0.0/8'] },
  })
  const caller =
    (id: 'sns' | 'sqs', operations: OperationTable, authorization: AuthorizationTable) =>
    async (name: string, input: object, overrides: Partial<RequestContext> = {}) => {
      const description = loadService(id)
      const operation = description.operations.get(name)
      if (operation === undefined) throw new Error(`there is no ${name}`)
      validateInput(description, operation, input as Record<string, unknown>)
      const account = overrides.principal?.account ?? ACCOUNT
      const context: RequestContext = {
        requestId: 'r',
        principal: accountRoot(account),
        account,
        region: REGION,
        now: service.now,
        signal: new AbortController().signal,
        baseUrl: URL_OF_SERVER,
        log: silentLogger,
        origin: ORIGIN,
        ...overrides,
      }
      await authorize(authorizer, id, authorization, name, input, context)
      return (operations[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    }
  const asQueues = caller('sqs', sqs.operations, sqsAuthorization) as TestMessaging['queues']
  queue.start()
  return Object.assign(service, {
    database,
    queue,
    identities: new Identities(database, changeFeed),
    sns,
    sqs,
    topics: caller('sns', sns.operations, snsAuthorization) as TestMessaging['topics'],
    queues: asQueues,
    pass: async (milliseconds: number) => {
      service.now += milliseconds
      await database.commit([queue.enqueue('nudge', String(service.now))])
    },
    makeQueue: async (name: string, from?: string) => {
      const { QueueUrl: url = '' } = (await asQueues('CreateQueue', { QueueName: name })) ?? {}
      const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`
      if (from !== undefined) {
        const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [sendStatement(arn, from)] })
        await asQueues('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
      }
      return { url, arn }
    },
    drain: async (url: string) => {
      const bodies: string[] = []
      for (;;) {
        const answer = await asQueues('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10 })
        const messages = answer?.Messages ?? []
        if (messages.length === 0) return bodies
        for (const { Body = '', ReceiptHandle = '' } of messages) {
          bodies.push(Body)
          await asQueues('DeleteMessage', { QueueUrl: url, ReceiptHandle })
        }
      }
    },
    stop: async () => {
      await queue.stop()
      sns.stop()
      await changeFeed.stop()
      watch.stop()
      await store.remove()
    },
  })
}

/** Lets SNS send what is published to a topic. */
const sendStatement = (queue: string, topic: string) => ({
  Effect: 'Allow',
  Principal: { Service: 'sns.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queue,
  Condition: { ArnEquals: { 'aws:SourceArn': topic } },
})
