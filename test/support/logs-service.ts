import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { WorkQueue } from '../../src/control/work-queue.ts'
import type { LogsOperation, LogsOperations } from '../../src/model/generated/logs.ts'
import { logsAuthorization } from '../../src/services/logs/authorization.ts'
import { DEFAULT_LOGS_LIMITS, type LogsLimits } from '../../src/services/logs/deps.ts'
import { startLogsMaintenance } from '../../src/services/logs/event-retention.ts'
import type { LogsFacade } from '../../src/services/logs/facade.ts'
import { createEventAppender } from '../../src/services/logs/log-events/event-appender.ts'
import { createLogsFacade } from '../../src/services/logs/logs-facade.ts'
import { createLogsDirectory } from '../../src/services/logs/resource-directory.ts'
import { createLogsService } from '../../src/services/logs/service.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { type Logger, silentLogger } from '../../src/telemetry/log.ts'
import { authorize, ORIGIN, testAuthorizer } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { Identities } from './identities.ts'
import { ACCOUNT, accountRoot } from './s3-service.ts'

export const REGION = 'us-east-1'

type Input<Name extends LogsOperation> = LogsOperations[Name]['input']
type Output<Name extends LogsOperation> = LogsOperations[Name]['output']

/** CloudWatch Logs over a real database and work queue. */
export interface TestLogs {
  readonly database: Database & { commitCount(): number }
  readonly facade: LogsFacade
  readonly queue: WorkQueue
  readonly identities: Identities
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  call<Name extends LogsOperation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Creates group and stream and puts messages, one a millisecond from `now - 1000` on. */
  write(group: string, stream: string, ...messages: readonly string[]): Promise<void>
  /** Does what the sweep does every minute. */
  maintain(): Promise<void>
  stop(): Promise<void>
}

export async function startLogs(
  store: TestStore,
  limits: LogsLimits = DEFAULT_LOGS_LIMITS,
  log: Logger = silentLogger,
): Promise<TestLogs> {
  const database = await store.open()
  const time = { now: 1_700_000_000_000 }
  const clock = { now: () => time.now }
  const watch = watchCommits(database, silentLogger)
  const queue = createWorkQueue({ db: database, watch, clock, log: silentLogger })
  const appender = createEventAppender(database, clock, limits)
  const feed = await startTableChangeFeed({ db: database, watch, clock: systemClock, log: silentLogger })
  const authorizer = testAuthorizer(database, feed, { logs: createLogsDirectory({ database }) })
  const facade = createLogsFacade({ database, clock, appender, authorizer, log })
  const table = createLogsService({ database, queue, clock, log: silentLogger, appender })
  const service: TestLogs = {
    database,
    facade,
    queue,
    identities: new Identities(database, feed),
    get now() {
      return time.now
    },
    set now(now) {
      time.now = now
    },
    call: async (name, input, overrides = {}) => {
      const context: RequestContext = {
        requestId: 'r',
        principal: accountRoot(ACCOUNT),
        account: ACCOUNT,
        region: REGION,
        now: service.now,
        signal: new AbortController().signal,
        baseUrl: 'http://127.0.0.1:8770',
        log: silentLogger,
        origin: ORIGIN,
        ...overrides,
      }
      await authorize(authorizer, 'logs', logsAuthorization, name, input, context)
      return (table[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    },
    write: (group, stream, ...messages) =>
      facade.append(
        accountRoot(ACCOUNT),
        { account: ACCOUNT, region: REGION, group, stream },
        messages.map((message, index) => ({ timestamp: service.now - 1000 + index, message })),
      ),
    maintain: async () => {
      await startLogsMaintenance({ database, queue, clock, limits })
      queue.start()
    },
    stop: async () => {
      await queue.stop()
      await feed.stop()
      watch.stop()
      await store.remove()
    },
  }
  return service
}
