import { createInterface } from 'node:readline/promises'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { DEFAULT_ACCOUNT } from '../services/iam/root-credentials.ts'
import { purgeQueue } from '../services/sagemaker-runtime/async-inference/purge-queue.ts'
import { queueState } from '../services/sagemaker-runtime/async-inference/queue-state.ts'
import { ClaimLost } from '../services/sagemaker-runtime/async-inference/request-queue.ts'
import { findAsyncQueue } from '../services/sagemaker-runtime/facade.ts'
import type { Database } from '../storage/database.ts'
import { requireAccountId } from './account-id.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { withDatabase } from './installation.ts'
import { age, style, table } from './terminal.ts'

const LOOK_MILLISECONDS = 500
const SHOWN_FAILURES = 10
const SHOWN_TROUBLES = 10
/** Beside those of any worker: what is counted here must not meet what a worker counts. */
const COUNTED_AS = -1

export const queue: Command = {
  help: `
Shows the queue of an asynchronous endpoint: what waits, since when, what is being worked on, and what has failed last.

Usage: slipway queue ENDPOINT [--drain [--timeout SECONDS]] [--purge [--yes]] [--account ID] [--data-dir DIR] [--json]

  --drain      wait until the queue is empty; exit code 1 when it is not in time
  --timeout    how long to wait, in seconds; without it, as long as it takes
  --purge      drop all that waits now; what instances have taken goes on, and nobody is notified
  --yes        do not ask before

Examples:
  slipway queue scoring
  slipway queue scoring --drain --timeout 600
  slipway queue scoring --json | jq .backlog
`,
  async run(args) {
    const { config, values, positionals } = clientArguments(
      args,
      {
        drain: { type: 'boolean' },
        timeout: { type: 'string' },
        purge: { type: 'boolean' },
        yes: { type: 'boolean' },
        account: { type: 'string' },
        json: { type: 'boolean' },
      },
      { positionals: true },
    )
    const [endpoint, ...more] = positionals
    if (endpoint === undefined || more.length > 0) throw new UsageError('name one endpoint')
    if (values.drain && values.purge) throw new UsageError('--drain waits for what --purge drops: give one of them')
    if (values.timeout !== undefined && !values.drain) throw new UsageError('--timeout is for --drain')
    if (values.yes && !values.purge) throw new UsageError('--yes is for --purge')
    const timeout = values.timeout === undefined ? Number.POSITIVE_INFINITY : Number(values.timeout)
    if (!(timeout > 0)) throw new UsageError('--timeout is a number of seconds')
    const account = values.account === undefined ? DEFAULT_ACCOUNT : requireAccountId(values.account as string)
    return withDatabase(config, async (database) => {
      const queueId = await requireQueue(database, account, config.region, endpoint)
      const json = values.json === true
      if (values.purge) return purge(database, queueId, endpoint, { ask: values.yes !== true, json })
      if (values.drain) return drain(database, queueId, endpoint, { timeout: timeout * 1000, json })
      const seen = await look(database, queueId)
      process.stdout.write(json ? `${JSON.stringify(seen, undefined, 2)}\n` : show(seen))
      return 0
    })
  },
}

async function requireQueue(database: Database, account: string, region: string, name: string): Promise<string> {
  const key = { account, region, name_key: name.toLowerCase() }
  const found = await findAsyncQueue(database, key)
  if (found !== undefined) return found
  const endpoint = await database.query
    .selectFrom('endpoints')
    .select('name')
    .where((of) => of.and(key))
    .executeTakeFirst()
  throw new CommandError(
    endpoint === undefined
      ? `there is no endpoint '${name}' in ${region}; 'slipway status' lists them`
      : `endpoint '${name}' answers at once: only asynchronous endpoints have a queue`,
  )
}

type Seen = Awaited<ReturnType<typeof look>>

async function look(database: Database, queueId: string) {
  const { query } = database
  const { backlog, oldestAt } = await queueState(database, queueId)
  const held = await query
    .selectFrom('async_requests')
    .select(({ fn }) => ['instance_id', fn.countAll<number>().as('requests')])
    // So said that the primary key, where all that wait lie too, is of no use.
    .where(sql<string>`queue_id || ''`, '=', queueId)
    .where('instance_id', 'is not', null)
    .groupBy('instance_id')
    .orderBy('instance_id')
    .execute()
  const troubled = await query
    .selectFrom('async_requests')
    .select(({ fn }) => ['trouble', fn.countAll<number>().as('requests')])
    .where('queue_id', '=', queueId)
    .where('trouble', 'is not', null)
    .groupBy('trouble')
    .orderBy('requests', 'desc')
    .limit(SHOWN_TROUBLES)
    .execute()
  const failures = await query
    .selectFrom('async_failures')
    .selectAll()
    .where('queue_id', '=', queueId)
    .orderBy('failed_at', 'desc')
    .limit(SHOWN_FAILURES)
    .execute()
  return {
    backlog,
    oldestSeconds: oldestAt === undefined ? undefined : Math.max(0, Math.round((Date.now() - oldestAt) / 1000)),
    inFlight: held.map(({ instance_id, requests }) => ({ instance: instance_id ?? '', requests: Number(requests) })),
    putBack: troubled.map(({ trouble, requests }) => ({ reason: trouble ?? '', requests: Number(requests) })),
    failures: failures.map((row) => ({
      at: new Date(row.failed_at).toISOString(),
      inferenceId: row.inference_id,
      reason: row.reason,
    })),
  }
}

function show({ backlog, oldestSeconds, inFlight, putBack, failures }: Seen): string {
  const working = inFlight.reduce((sum, { requests }) => sum + requests, 0)
  const lines = [
    `${style('bold', String(backlog))} in the queue${oldestSeconds === undefined ? '' : `, the oldest since ${age(oldestSeconds * 1000)}`}; ${working} being worked on`,
  ]
  const instances = inFlight.map(({ instance, requests }) => [instance, String(requests)])
  const again = putBack.map(({ reason, requests }) => [String(requests), style('yellow', reason)])
  const failed = failures.map(({ at, inferenceId, reason }) => [at, inferenceId, style('red', reason)])
  return [
    `${lines.join('\n')}\n`,
    ...(instances.length > 0 ? ['\n', table(['INSTANCE', 'REQUESTS'], instances)] : []),
    ...(again.length > 0 ? ['\n', table(['PUT BACK', 'TO BE TRIED AGAIN BECAUSE'], again)] : []),
    ...(failed.length > 0 ? ['\n', table(['FAILED', 'INFERENCE ID', 'REASON'], failed)] : []),
  ].join('')
}

/** One line that is drawn over itself, where there is somebody to see it. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

async function drain(
  database: Database,
  queueId: string,
  endpoint: string,
  { timeout, json }: { readonly timeout: number; readonly json: boolean },
): Promise<number> {
  const until = performance.now() + timeout
  for (;;) {
    const { backlog } = await queueState(database, queueId)
    progress(backlog === 0 ? '' : `${backlog} in the queue`)
    // Of a queue that is gone nothing is counted either, but nobody has worked on what was in it.
    if (backlog === 0 && !(await isOpen(database, queueId)))
      throw new CommandError(`endpoint '${endpoint}' has been deleted, and its queue with it`)
    if (backlog === 0 || performance.now() >= until) {
      const text = backlog === 0 ? 'The queue is empty.' : `${backlog} are still in the queue.`
      process.stdout.write(json ? `${JSON.stringify({ backlog })}\n` : `${text}\n`)
      return backlog === 0 ? 0 : 1
    }
    await setTimeout(LOOK_MILLISECONDS)
  }
}

async function isOpen({ query }: Database, queueId: string): Promise<boolean> {
  const row = await query
    .selectFrom('async_queues')
    .select('queue_id')
    .where('queue_id', '=', queueId)
    .executeTakeFirst()
  return row !== undefined
}

async function purge(
  database: Database,
  queueId: string,
  endpoint: string,
  { ask, json }: { readonly ask: boolean; readonly json: boolean },
): Promise<number> {
  if (ask) await confirm(database, queueId, endpoint)
  let dropped = 0
  const purged = await purgeQueue(database, queueId, COUNTED_AS, (count) => {
    dropped = count
    progress(`${count} dropped`)
  }).catch(async (error: unknown) => {
    if (!(error instanceof ClaimLost)) throw error
    progress('')
    const why = (await isOpen(database, queueId))
      ? 'the rest took too long: try again'
      : 'the endpoint has been deleted'
    throw new CommandError(`${dropped} dropped; ${why}`)
  })
  progress('')
  process.stdout.write(json ? `${JSON.stringify({ purged })}\n` : `${purged} dropped.\n`)
  return 0
}

async function confirm(database: Database, queueId: string, endpoint: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError('--purge asks first, and there is nobody to ask: add --yes')
  const { backlog } = await queueState(database, queueId)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asking.question(`Drop up to ${backlog} waiting requests of ${endpoint}? [y/N] `)
  asking.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was dropped')
}
