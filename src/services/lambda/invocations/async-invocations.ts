import type { WorkOutcome } from '../../../control/work-queue.ts'
import type { Statement } from '../../../storage/database.ts'
import type { LambdaAsyncInvocationRow } from '../../../storage/schema/lambda.ts'
import { one, statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { LambdaDeps } from '../deps.ts'
import { functionMissing } from '../errors.ts'
import type { FunctionRecord } from '../functions/function-record.ts'
import { findFunction } from '../functions/function-store.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Work: hand an accepted event to its function. The key is the request id. */
const ASYNC = 'lambda-async'
/** Accepted events this worker handles at once. */
const CONCURRENCY = 4
/** An event that could not be handed over for this long is given up. */
const MAX_AGE = 6 * 60 * 60 * 1000
const THROTTLE_FIRST = 1_000
const THROTTLE_LONGEST = 5 * 60_000

export interface AcceptedEvent {
  readonly requestId: string
  readonly payload: Uint8Array
  readonly clientContext: string | undefined
}

type AsyncDeps = Pick<LambdaDeps, 'database' | 'queue' | 'box' | 'execution' | 'limits' | 'clock' | 'log'>

const eventContext = (id: string): string => `lambda-event/${id}`

/** Stores an event so that it survives this process. Resolves when it is safe. */
export async function acceptEvent(
  deps: AsyncDeps,
  record: FunctionRecord,
  event: AcceptedEvent,
  now: number,
): Promise<void> {
  const { database } = deps
  await database.commit([
    statement(
      database.query.selectFrom('lambda_functions').select('id').where('id', '=', record.id),
      one(() => functionMissing(record.arn)),
    ),
    ...eventStatements(deps, record, event, now),
  ])
}

/** The statements that accept an event. */
export function eventStatements(
  { database, queue, box }: Pick<AsyncDeps, 'database' | 'queue' | 'box'>,
  record: FunctionRecord,
  event: AcceptedEvent,
  now: number,
): readonly Statement[] {
  const row: LambdaAsyncInvocationRow = {
    id: event.requestId,
    account: record.account,
    region: record.region,
    function_name: record.name,
    payload: box.seal(Buffer.from(event.payload).toString('utf8'), eventContext(event.requestId)),
    client_context: event.clientContext ?? null,
    failures: 0,
    created_at: now,
  }
  return [
    statement(database.query.insertInto('lambda_async_invocations').values(row)),
    queue.enqueue(ASYNC, event.requestId),
  ]
}

/** Registers the work that gives accepted events to their functions. */
export function handleAsyncInvocations(deps: AsyncDeps): void {
  deps.queue.handle(ASYNC, ({ key, attempts }, signal) => attemptInvocation(deps, key, attempts, signal), {
    concurrency: CONCURRENCY,
  })
}

/** One attempt. A failing function is tried again twice; a lack of environments is waited out, up to six hours. */
async function attemptInvocation(
  deps: AsyncDeps,
  id: string,
  attempts: number,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { database, box, execution, limits, clock } = deps
  const row = await database.query
    .selectFrom('lambda_async_invocations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return { done: true }
  const address = { account: row.account, region: row.region, name: row.function_name }
  const record = await findFunction(database, box, address)
  const payload = box.unseal(row.payload, eventContext(id))
  if (record === undefined || payload === undefined || clock.now() - row.created_at > MAX_AGE) return forget(deps, row)
  try {
    const running = execution.invoke(record, {
      requestId: id,
      payload: Buffer.from(payload),
      tail: false,
      ...(row.client_context !== null && { clientContext: row.client_context }),
    })
    // A worker that stops does not wait: the event is handed over again, which AWS does not rule out either.
    const outcome = await unlessAborted(running, signal)
    if (outcome.functionError === undefined) return forget(deps, row)
  } catch (error) {
    // A server that shuts down or cannot start the function: the queue itself tries again.
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    if (error.code === 'TooManyRequestsException') {
      return { done: false, againInMilliseconds: Math.min(THROTTLE_FIRST * 2 ** attempts, THROTTLE_LONGEST) }
    }
  }
  const delay = limits.retryDelays[row.failures]
  if (delay === undefined) return forget(deps, row)
  const count = database.query
    .updateTable('lambda_async_invocations')
    .set({ failures: row.failures + 1 })
    .where('id', '=', id)
  await database.commit([statement(count)])
  return { done: false, againInMilliseconds: delay }
}

async function forget({ database }: AsyncDeps, { id }: LambdaAsyncInvocationRow): Promise<WorkOutcome> {
  await database.commit([statement(database.query.deleteFrom('lambda_async_invocations').where('id', '=', id))])
  return { done: true }
}
