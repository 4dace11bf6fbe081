import { verify, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { elementOf, messagingCalls } from '../support/messaging-calls.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { startWebSubscriber, type WebSubscriber } from '../support/web-subscriber.ts'
import { servingWorkers, workerPids } from '../support/worker-pids.ts'

let directory: TemporaryDirectory
let slipway: Slipway
let web: WebSubscriber
const calls = messagingCalls(() => slipway)
const start = () =>
  startSlipway({
    dataDir: directory.path,
    workers: 2,
    env: { SLIPWAY_SNS_ALLOWED_NETWORKS: '[127.0.0.0/8]', SLIPWAY_LOG_LEVEL: 'error' },
  })

beforeEach(async () => {
  directory = await temporaryDirectory()
  web = await startWebSubscriber()
  slipway = await start()
})
afterEach(async () => {
  await slipway?.stop()
  await web?.stop()
  await directory?.remove()
})

/** A topic with a queue that gets raw messages, and a web server that has followed the link in its message. */
async function topicWithSubscribers() {
  const topic = elementOf(await calls.topics('CreateTopic', { Name: 'results' }), 'TopicArn')
  const { QueueUrl } = await calls.queues('CreateQueue', { QueueName: 'inbox' })
  const url = QueueUrl as string
  const arn = `arn:aws:sqs:us-east-1:${slipway.account}:inbox`
  const allow = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: arn,
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allow] })
  await calls.queues('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
  const raw = { 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' }
  await calls.topics('Subscribe', { TopicArn: topic, Protocol: 'sqs', Endpoint: arn, ...raw })
  const retries = { healthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 1, numRetries: 100 } }
  await calls.topics('Subscribe', {
    TopicArn: topic,
    Protocol: 'http',
    Endpoint: `${web.url}/hook`,
    'Attributes.entry.1.key': 'DeliveryPolicy',
    'Attributes.entry.1.value': JSON.stringify(retries),
  })
  const [{ SubscribeURL = '' } = {}] = await eventually(() => {
    expect(web.messages('SubscriptionConfirmation').length).toBeGreaterThan(0)
    return web.messages('SubscriptionConfirmation')
  })
  const confirmed = await fetch(SubscribeURL)
  expect([confirmed.status, elementOf(await confirmed.text(), 'SubscriptionArn')]).toEqual([
    200,
    expect.stringContaining(topic),
  ])
  return { topic, url }
}

const heard = () => new Set(web.messages('Notification').map(({ Message }) => Message))
/** Asked for once a look and not once a message: the web server hears nothing while this thread is at work on it. */
const missing = (messages: readonly string[], known: ReadonlySet<string | undefined>) =>
  messages.filter((message) => !known.has(message))

test('what has been published is delivered, whichever workers are killed meanwhile', async () => {
  const { topic, url } = await topicWithSubscribers()
  const accepted: string[] = []
  let going = true
  const publishers = Array.from({ length: 4 }, async (_, publisher) => {
    for (let at = 0; going; at++) {
      const Message = `${publisher}-${at}`
      // A request that the killed worker was holding fails; what was acknowledged must be delivered.
      const sent = calls.topics('Publish', { TopicArn: topic, Message })
      if (
        await sent.then(
          () => true,
          () => false,
        )
      )
        accepted.push(Message)
    }
  })
  for (let kills = 0; kills < 4; kills++) {
    const before = accepted.length
    await eventually(() => expect(accepted.length).toBeGreaterThan(before + 20), 30_000)
    const [victim] = servingWorkers(slipway)
    process.kill(victim as number, 'SIGKILL')
    await eventually(() => {
      expect(servingWorkers(slipway)).not.toContain(victim)
      expect(servingWorkers(slipway)).toHaveLength(2)
    }, 30_000)
  }
  going = false
  await Promise.all(publishers)
  const received: string[] = []
  await eventually(async () => {
    received.push(...(await calls.drain(url)))
    expect(missing(accepted, new Set(received))).toEqual([])
  }, 30_000)
  // Queues get it in the very unit of work that forgets it: once, however often a worker dies.
  expect(new Set(received).size).toBe(received.length)
  await eventually(() => expect(missing(accepted, heard())).toEqual([]), 40_000)

  // The signature is verified as AWS's documentation tells: with the certificate from its URL.
  const [message = {}] = web.messages('Notification')
  const certificate = await fetch(message.SigningCertURL as string)
  const { publicKey } = new X509Certificate(await certificate.text())
  const names = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type']
  const text = names.map((name) => `${name}\n${message[name]}\n`).join('')
  expect(verify('sha1', Buffer.from(text), publicKey, Buffer.from(message.Signature as string, 'base64'))).toBe(true)
}, 180_000)

test('a server that is killed goes on with its deliveries when it is back', async () => {
  const { topic } = await topicWithSubscribers()
  web.answer = 503
  const sent = Array.from({ length: 50 }, (_, at) => `m${at}`)
  await Promise.all(sent.map((Message) => calls.topics('Publish', { TopicArn: topic, Message })))
  await eventually(() => expect(heard().size).toBeGreaterThan(0))
  const victims = [slipway.process.pid as number, ...workerPids(slipway)]
  for (const pid of victims) process.kill(pid, 'SIGKILL')
  await slipway.process.ended
  await eventually(() => expect(victims.filter(exists)).toEqual([]), 30_000)
  const before = web.heard.length
  web.answer = 200
  slipway = await start()
  await eventually(() => {
    const since = web.heard.slice(before).map(({ body }) => (JSON.parse(body) as { Message: string }).Message)
    expect(new Set(since)).toEqual(new Set(sent))
  }, 40_000)
}, 120_000)

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
