import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { WorkQueue } from '../../src/control/work-queue.ts'
import type { CloudwatchOperation, CloudwatchOperations } from '../../src/model/generated/cloudwatch.ts'
import { loadService } from '../../src/model/service-description.ts'
import { type CloudwatchSettings, DEFAULT_CLOUDWATCH_SETTINGS } from '../../src/services/cloudwatch/cloudwatch-deps.ts'
import type { AlarmActions } from '../../src/services/cloudwatch/facade.ts'
import { compactMetrics } from '../../src/services/cloudwatch/metrics/compaction.ts'
import { type Cloudwatch, startCloudwatch } from '../../src/services/cloudwatch/start-cloudwatch.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { validateInput } from '../../src/wire/validate-input.ts'
import { ORIGIN } from './authorizer.ts'
import type { TestStore } from './databases.ts'
import { ACCOUNT, accountRoot } from './s3-service.ts'

const REGION = 'us-east-1'
/** A full hour, so that nothing depends on where in a period a test begins. */
export const NOON = 1_699_999_200_000
export const MINUTE = 60_000

type Input<Name extends CloudwatchOperation> = CloudwatchOperations[Name]['input']
type Output<Name extends CloudwatchOperation> = CloudwatchOperations[Name]['output']

/** CloudWatch over a real database and work queue. */
export interface TestCloudwatch {
  readonly database: Database & { commitCount(): number }
  readonly facade: Cloudwatch['facade']
  readonly queue: WorkQueue
  /** Epoch milliseconds; stands still until a test moves it. */
  now: number
  /** Validated as in the gateway, then handed to the handler. */
  call<Name extends CloudwatchOperation>(
    name: Name,
    input: Input<Name>,
    context?: Partial<RequestContext>,
  ): Promise<Output<Name>>
  /** Does what is otherwise done every five minutes. */
  compact(): Promise<void>
  stop(): Promise<void>
}

export async function startTestCloudwatch(
  store: TestStore,
  settings: Partial<CloudwatchSettings> = {},
  actions: readonly AlarmActions[] = [],
): Promise<TestCloudwatch> {
  const database = await store.open()
  const clock = { now: () => service.now }
  const watch = watchCommits(database, silentLogger)
  const queue = createWorkQueue({
    ...{ db: database, watch, clock, log: silentLogger },
    // Leases run by the same clock, which tests move by hours.
    leaseMilliseconds: 24 * 60 * MINUTE,
  })
  const service = { now: NOON } as TestCloudwatch
  const started = await startCloudwatch({
    database,
    queue,
    clock,
    log: silentLogger,
    settings: { ...DEFAULT_CLOUDWATCH_SETTINGS, ...settings },
    actions,
  })
  const description = loadService('cloudwatch')
  return Object.assign(service, {
    database,
    queue,
    facade: started.facade,
    call: async (
      name: CloudwatchOperation,
      input: Record<string, unknown>,
      overrides: Partial<RequestContext> = {},
    ) => {
      const operation = description.operations.get(name)
      if (operation === undefined) throw new Error(`there is no ${name}`)
      validateInput(description, operation, input)
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
      return (started.operations[name] as (input: unknown, context: RequestContext) => Promise<never>)(input, context)
    },
    compact: () => compactMetrics({ database, clock }, new AbortController().signal),
    stop: async () => {
      await started.stop()
      await queue.stop()
      watch.stop()
      await store.remove()
    },
  })
}
