import type { WorkHandler } from '../../../control/work-queue.ts'
import { type ContainerRuntime, type LogLine, RuntimeError } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { LogEvent, LogsFacade } from '../../logs/facade.ts'
import { LABELS } from './container-spec.ts'
import { parseEndpointKey } from './endpoint-state.ts'

export interface ContainerLogsDeps {
  readonly database: Database
  readonly runtime: ContainerRuntime
  readonly logs: LogsFacade
  readonly clock: Clock
  readonly installation: string
}

/** Lines are stored together when they come together: at most this many, or what comes within this time. */
const BATCH_LINES = 1_000
const BATCH_MILLISECONDS = 100

/**
 * Carries what a container prints into CloudWatch Logs, for as long as it runs. One worker holds the work item of a
 * container at a time. Where it stopped is remembered, so the next one goes on there; only a worker that is killed
 * between storing lines and remembering so makes them appear twice.
 */
export function createContainerLogs(deps: ContainerLogsDeps): WorkHandler {
  return async (item, signal) => {
    const found = await deps.runtime.listContainers(
      { [LABELS.installation]: deps.installation, [LABELS.instance]: item.key },
      signal,
    )
    const container = found[0]
    if (container === undefined) return { done: true }
    const { account, region } = parseEndpointKey(container.labels[LABELS.endpoint] ?? '')
    const row = await deps.database.query
      .selectFrom('endpoint_instances as instance')
      .innerJoin('endpoints as endpoint', (join) =>
        join
          .onRef('endpoint.account', '=', 'instance.account')
          .onRef('endpoint.region', '=', 'instance.region')
          .onRef('endpoint.name_key', '=', 'instance.name_key'),
      )
      .select(['endpoint.name', 'instance.variant_name', 'instance.logged_until'])
      .where('instance.id', '=', item.key)
      .executeTakeFirst()
    if (row === undefined) return { done: true }
    const target = {
      account,
      region,
      group: `/aws/sagemaker/Endpoints/${row.name}`,
      stream: `${row.variant_name}/${item.key}`,
    }
    const since = row.logged_until === null ? undefined : BigInt(row.logged_until)
    const store = async (lines: readonly LogLine[]) => {
      await deps.logs.append(target, lines.map(toEvent))
      await remember(deps.database, item.key, (lines.at(-1) as LogLine).timestamp)
    }
    try {
      await pump(deps.runtime, container.id, since, store, signal)
    } catch (error) {
      if (!(error instanceof RuntimeError && error.reason === 'not-found')) throw error
    }
    const after = await deps.runtime.inspectContainer(container.id, signal)
    return after?.running ? { done: false, againInMilliseconds: 1_000 } : { done: true }
  }
}

const toEvent = (line: LogLine): LogEvent => ({ timestamp: Number(line.timestamp / 1_000_000n), message: line.text })

async function remember(database: Database, instance: string, timestamp: bigint): Promise<void> {
  await database.commit([
    statement(
      database.query
        .updateTable('endpoint_instances')
        .set({ logged_until: timestamp.toString() })
        .where('id', '=', instance),
    ),
  ])
}

/** Follows a container's output and hands it on in batches. The next line is not awaited while a batch is stored. */
async function pump(
  runtime: ContainerRuntime,
  id: string,
  after: bigint | undefined,
  store: (lines: readonly LogLine[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const options = { follow: true, ...(after === undefined ? {} : { since: Number(after / 1_000_000n) }) }
  let batch: LogLine[] = []
  let storing: Promise<void> = Promise.resolve()
  let failure: unknown
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (batch.length === 0) return
    const lines = batch
    batch = []
    storing = storing
      .then(() => store(lines))
      .catch((error: unknown) => {
        failure ??= error
      })
  }
  try {
    for await (const line of runtime.readLogs(id, options, signal)) {
      if (after !== undefined && line.timestamp <= after) continue
      if (failure !== undefined) throw failure
      batch.push(line)
      timer ??= setTimeout(flush, BATCH_MILLISECONDS)
      if (batch.length >= BATCH_LINES) {
        flush()
        await storing
      }
    }
  } finally {
    flush()
    await storing
  }
  if (failure !== undefined) throw failure
}
