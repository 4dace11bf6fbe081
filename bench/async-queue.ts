import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ClaimedRequest } from '../src/services/sagemaker-runtime/async-inference/async-request.ts'
import { JointEnds } from '../src/services/sagemaker-runtime/async-inference/joint-ends.ts'
import { requestIds } from '../src/services/sagemaker-runtime/async-inference/request-id.ts'
import { RequestQueue } from '../src/services/sagemaker-runtime/async-inference/request-queue.ts'
import { openSqliteDatabase } from '../src/storage/sqlite/sqlite-database.ts'
import { statement } from '../src/storage/statement.ts'
import { syncsPerSecond } from './support/disk.ts'
import { median, printTable } from './support/measure.ts'

/*
 * The queue of asynchronous requests by itself, against what the disk does: one append and fdatasync after the other, in the same
 * round. Then the same with a million requests waiting.
 *   node bench/async-queue.ts [--rounds N] [--seconds N] [--backlog N] [--directory DIR]
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    backlog: { type: 'string', default: '1000000' },
    /** On the disk to be measured: temporary directories often lie in memory. */
    directory: { type: 'string', default: process.cwd() },
  },
})
const PRODUCERS = 64
/** How long a request lives that does not say so. */
const LIFE = 21_600_000

const directory = await mkdtemp(join(values.directory, '.bench-async-'))
const database = await openSqliteDatabase({ file: join(directory, 'slipway.db') })
const queue = new RequestQueue(database, 0)
const ends = new JointEnds({ database, queue, s3: { unitOf: () => [] } })
const nextId = requestIds(Date.now)
const document = JSON.stringify({
  inferenceId: 'bench-0000-0000-0000-000000000000',
  inputLocation: 's3://sagemaker-bench/inputs/of/a/usual/length/0000.json',
  contentType: 'application/json',
  output: { bucket: 'sagemaker-bench', key: 'outputs/00000000-0000-0000-0000-000000000000.out' },
  timeoutSeconds: 900,
})
const rowOf = (queue_id: string) => {
  const now = Date.now()
  return { queue_id, request_id: nextId(), received_at: now, expires_at: now + LIFE, document }
}

async function perSecond(work: (until: number) => Promise<number>): Promise<number> {
  const start = performance.now()
  const count = await work(start + Number(values.seconds) * 1000)
  return count / ((performance.now() - start) / 1000)
}

const accept = (queueId: string) => async (until: number) => {
  let count = 0
  const produce = async () => {
    for (; performance.now() < until; count++) await queue.accept({ row: rowOf(queueId), body: undefined })
  }
  await Promise.all(Array.from({ length: PRODUCERS }, produce))
  return count
}

/** Takes and ends requests, as two instances with 32 requests at once do. */
const consume = (queueId: string) => async (until: number) => {
  let count = 0
  const end = async (request: ClaimedRequest) => {
    await ends.commit({ request, object: undefined, publication: undefined, further: [] })
    count++
  }
  const instance = async (name: string) => {
    while (performance.now() < until) {
      const requests = await queue.claim(queueId, name, name, 32)
      if (requests.length === 0) return
      await Promise.all(requests.map(end))
    }
  }
  await Promise.all([instance('i-1'), instance('i-2')])
  return count
}

async function fill(queueId: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 5_000)
    await Promise.all(
      Array.from({ length: Math.min(5_000, count - at) }, () => queue.accept({ row: rowOf(queueId), body: undefined })),
    )
}

try {
  for (const [queue_id, name_key] of [
    ['short', 'a'],
    ['long', 'b'],
  ] as const) {
    const row = { queue_id, account: '1', region: 'r', name_key, created_at: 0 }
    await database.commit([statement(database.query.insertInto('async_queues').values(row))])
  }
  const backlog = Number(values.backlog)
  await fill('short', 1_000)
  await fill('long', backlog)
  const results = { append: [] as number[], accept: [] as number[], take: [] as number[] }
  const long = { accept: [] as number[], take: [] as number[] }
  for (let round = 0; round < Number(values.rounds); round++) {
    results.append.push(syncsPerSecond(directory, Number(values.seconds)))
    // Whoever comes second finds the write-ahead log longer: they take turns.
    const both = [
      { of: results, queueId: 'short' },
      { of: long, queueId: 'long' },
    ]
    if (round % 2 === 1) both.reverse()
    for (const { of, queueId } of both) of.accept.push(await perSecond(accept(queueId)))
    for (const { of, queueId } of both) of.take.push(await perSecond(consume(queueId)))
  }
  const ratio = (list: readonly number[], to: readonly number[]) =>
    `${median(list.map((value, index) => value / (to[index] as number))).toFixed(2)}×`
  const row = (name: string, list: readonly number[]) => [
    name,
    Math.round(median(list)).toLocaleString('en'),
    ratio(list, results.append),
  ]
  printTable([
    ['', 'a second', 'to the disk'],
    row('append and fdatasync', results.append),
    row(`accept, ${PRODUCERS} at once`, results.accept),
    row('take and end', results.take),
    row(`accept, ${backlog.toLocaleString('en')} waiting`, long.accept),
    row(`take and end, ${backlog.toLocaleString('en')} waiting`, long.take),
  ])
  console.log(
    `with the backlog against without: accept ${ratio(long.accept, results.accept)}, take and end ${ratio(long.take, results.take)}; aims: accept ≥ 15× the disk, backlog no slower`,
  )
} finally {
  await database.close()
  await rm(directory, { recursive: true, force: true })
}
