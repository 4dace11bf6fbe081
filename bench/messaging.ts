import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { testStores } from '../test/support/databases.ts'
import { startMessaging, type TestMessaging } from '../test/support/messaging-service.ts'
import { ACCOUNT, accountRoot } from '../test/support/s3-service.ts'
import { temporaryDirectory } from '../test/support/temporary-directory.ts'
import { printTable } from './support/measure.ts'

/*
 * How many messages a second are published and delivered by one worker, against what the disk syncs in the same run. 64
 * publishers commit through the facade, as other services do; HTTP and signatures of requests are not in it.
 *   node bench/messaging.ts [--seconds N]
 */

const PUBLISHERS = 64
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`
/** As long as a notification of asynchronous inference. */
const MESSAGE = JSON.stringify({ text: 'x'.repeat(600) })

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' } } })
const seconds = Number(values.seconds)

/** Writes of 1 KB, each synced before the next. */
async function syncsASecond(): Promise<number> {
  const directory = await temporaryDirectory()
  const file = await open(join(directory.path, 'log'), 'w')
  const bytes = Buffer.alloc(1024, 1)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < seconds * 500) {
    await file.write(bytes)
    await file.datasync()
    count++
  }
  const rate = count / ((performance.now() - start) / 1000)
  await file.close()
  await directory.remove()
  return rate
}

interface Rates {
  readonly published: number
  readonly delivered: number
}

/** Publishes for a while, then waits until nothing is left to deliver. */
async function run(prepare: (messaging: TestMessaging) => Promise<unknown>): Promise<Rates> {
  const messaging = await startMessaging(await testStores[0]!.create())
  const ticking = setInterval(() => {
    messaging.now = Date.now()
  }, 5)
  try {
    messaging.now = Date.now()
    await messaging.topics('CreateTopic', { Name: 'results' })
    await prepare(messaging)
    const topic = await messaging.sns.facade.openTopic(accountRoot(ACCOUNT), TOPIC)
    const start = performance.now()
    let count = 0
    const publisher = async () => {
      while (performance.now() - start < seconds * 1000) {
        await messaging.database.commit(topic.publication({ message: MESSAGE }).statements)
        count++
      }
    }
    await Promise.all(Array.from({ length: PUBLISHERS }, publisher))
    const published = count / ((performance.now() - start) / 1000)
    const left = messaging.database.query.selectFrom('sns_publications').select('id').limit(1)
    while ((await left.executeTakeFirst()) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    return { published, delivered: count / ((performance.now() - start) / 1000) }
  } finally {
    clearInterval(ticking)
    await messaging.stop()
  }
}

const toQueue = (raw: boolean) => async (messaging: TestMessaging) => {
  const { arn } = await messaging.makeQueue('inbox', TOPIC)
  const Attributes = { RawMessageDelivery: String(raw) }
  await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: arn, Attributes })
}

const syncs = await syncsASecond()
const cases: readonly (readonly [string, Rates])[] = [
  ['nobody subscribed', await run(async () => {})],
  ['a queue, raw', await run(toQueue(true))],
  ['a queue, signed', await run(toQueue(false))],
]
console.log(`${Math.round(syncs)} synced writes a second`)
printTable([
  ['', 'published/s', 'against syncs', 'delivered/s'],
  ...cases.map(([name, { published, delivered }]) => [
    name,
    String(Math.round(published)),
    `${(published / syncs).toFixed(1)}×`,
    String(Math.round(delivered)),
  ]),
])
