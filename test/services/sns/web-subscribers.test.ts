import { verify, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anonymousPrincipal } from '../../../src/access/principals.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT } from '../../support/s3-service.ts'
import { startWebSubscriber, type WebSubscriber } from '../../support/web-subscriber.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`
const HOUR = 60 * 60_000
const NOBODY = { principal: anonymousPrincipal, account: '' }

describe.each(testStores)('web servers that subscribe on $dialect', ({ create }) => {
  let messaging: TestMessaging
  let web: WebSubscriber

  beforeEach(async () => {
    web = await startWebSubscriber()
    messaging = await startMessaging(await create())
    await messaging.topics('CreateTopic', { Name: 'results' })
  })
  afterEach(async () => {
    await web.stop()
    await messaging.stop()
  })

  const publish = (Message: string, more = {}) => messaging.topics('Publish', { TopicArn: TOPIC, Message, ...more })
  /** Subscribes and confirms as the message says. */
  const join = async (Attributes?: Record<string, string>, path = '/hook'): Promise<string> => {
    const before = web.messages('SubscriptionConfirmation').length
    const input = { TopicArn: TOPIC, Protocol: 'http', Endpoint: `${web.url}${path}`, Attributes }
    expect((await messaging.topics('Subscribe', input))?.SubscriptionArn).toBe('pending confirmation')
    const { Token = '' } = await eventually(() => {
      const all = web.messages('SubscriptionConfirmation')
      expect(all.length).toBeGreaterThan(before)
      return all.at(-1) as Record<string, string>
    })
    const answer = await messaging.topics('ConfirmSubscription', { TopicArn: TOPIC, Token }, NOBODY)
    return answer?.SubscriptionArn as string
  }
  const texts = () => web.messages('Notification').map(({ Message }) => Message)
  const rows = async (table: 'sns_publications' | 'sns_deliveries') =>
    (await messaging.database.query.selectFrom(table).select('id').execute()).length
  const nothingIsLeft = () =>
    eventually(async () => expect([await rows('sns_publications'), await rows('sns_deliveries')]).toEqual([0, 0]))

  /** So many deliveries have been tried, and are to be tried again later. */
  const isToBeTriedAgain = (count: number) =>
    eventually(async () => {
      const due = await messaging.database.query.selectFrom('sns_deliveries').select('due_at').execute()
      expect(due.filter(({ due_at }) => due_at > messaging.now)).toHaveLength(count)
    })

  /** As "Verifying the signatures of Amazon SNS messages" tells. */
  const requireSignature = async (message: Record<string, string>) => {
    const names =
      message.Type === 'Notification'
        ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
    const text = names
      .filter((name) => message[name] !== undefined)
      .map((name) => `${name}\n${message[name]}\n`)
      .join('')
    const path = new URL(message.SigningCertURL as string).pathname
    const { publicKey } = new X509Certificate((await messaging.sns.certificateAt(path)) as string)
    const algorithm = message.SignatureVersion === '2' ? 'sha256' : 'sha1'
    const signature = Buffer.from(message.Signature as string, 'base64')
    expect(verify(algorithm, Buffer.from(text), publicKey, signature)).toBe(true)
    expect(verify(algorithm, Buffer.from(`${text}x`), publicKey, signature)).toBe(false)
  }

  test('confirm, get signed messages, and leave by the link', async () => {
    const arn = await join()
    const [asked] = web.messages('SubscriptionConfirmation')
    await requireSignature(asked as Record<string, string>)
    expect(web.heard[0]).toMatchObject({
      path: '/hook',
      headers: {
        'x-amz-sns-message-type': 'SubscriptionConfirmation',
        'x-amz-sns-message-id': asked?.MessageId,
        'x-amz-sns-topic-arn': TOPIC,
        'content-type': 'text/plain; charset=UTF-8',
        'user-agent': 'Amazon Simple Notification Service Agent',
      },
    })
    expect(web.heard[0]?.headers['x-amz-sns-subscription-arn']).toBeUndefined()
    expect(asked?.SubscribeURL).toBe(
      `http://127.0.0.1:8770/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(TOPIC)}&Token=${asked?.Token}`,
    )

    const attributes = { kind: { DataType: 'String', StringValue: 'x' } }
    const sent = await publish('hällo', { Subject: 'Greeting', MessageAttributes: attributes })
    await eventually(() => expect(texts()).toEqual(['hällo']))
    const [message = {}] = web.messages('Notification')
    expect(message).toMatchObject({
      MessageId: sent?.MessageId,
      TopicArn: TOPIC,
      Subject: 'Greeting',
      SignatureVersion: '1',
      MessageAttributes: { kind: { Type: 'String', Value: 'x' } },
    })
    expect(web.heard.at(-1)?.headers['x-amz-sns-subscription-arn']).toBe(arn)
    await requireSignature(message)
    await nothingIsLeft()

    await messaging.topics('SetTopicAttributes', {
      TopicArn: TOPIC,
      AttributeName: 'SignatureVersion',
      AttributeValue: '2',
    })
    await publish('again')
    await eventually(() => expect(texts()).toHaveLength(2))
    expect(web.messages('Notification')[1]?.SignatureVersion).toBe('2')
    await requireSignature(web.messages('Notification')[1] as Record<string, string>)

    // Whoever has the message can end the subscription, and is told how to come back.
    const link = new URL(message.UnsubscribeURL as string)
    expect(link.searchParams.get('SubscriptionArn')).toBe(arn)
    await messaging.topics('Unsubscribe', { SubscriptionArn: arn }, NOBODY)
    const [farewell = {}] = await eventually(() => {
      const all = web.messages('UnsubscribeConfirmation')
      expect(all).toHaveLength(1)
      return all
    })
    await requireSignature(farewell)
    await publish('nobody hears this')
    await nothingIsLeft()
    expect((await messaging.topics('ListSubscriptions', {}))?.Subscriptions).toEqual([])
    await messaging.topics('ConfirmSubscription', { TopicArn: TOPIC, Token: farewell.Token as string }, NOBODY)
    await publish('back')
    await eventually(() => expect(texts()).toEqual(['hällo', 'again', 'back']))
  })

  test('tokens are good for two days and for one topic, and nobody can make one', async () => {
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint: `${web.url}/a` })
    const [{ Token = '' } = {}] = await eventually(() => {
      expect(web.messages('SubscriptionConfirmation')).toHaveLength(1)
      return web.messages('SubscriptionConfirmation')
    })
    const confirm = (token: string, TopicArn = TOPIC) =>
      messaging.topics('ConfirmSubscription', { TopicArn, Token: token }, NOBODY)
    await expect(confirm(`${Token}x`)).rejects.toMatchObject({ code: 'InvalidParameter' })
    await expect(confirm(Token, `${TOPIC}x`)).rejects.toMatchObject({ code: 'NotFound' })
    const signed = { TopicArn: TOPIC, Token, AuthenticateOnUnsubscribe: 'true' }
    await expect(messaging.topics('ConfirmSubscription', signed, NOBODY)).rejects.toMatchObject({
      code: 'AuthorizationError',
    })
    messaging.now += 49 * HOUR
    await expect(confirm(Token)).rejects.toMatchObject({ code: 'InvalidParameter' })
    messaging.now -= 49 * HOUR
    const told = await messaging.topics('ConfirmSubscription', signed)
    // Now only its owner may end it.
    const SubscriptionArn = told?.SubscriptionArn as string
    await expect(messaging.topics('Unsubscribe', { SubscriptionArn }, NOBODY)).rejects.toMatchObject({
      code: 'AuthorizationError',
    })
    await messaging.topics('Unsubscribe', { SubscriptionArn })
  })

  test('raw messages and content types of delivery policies', async () => {
    const DeliveryPolicy = JSON.stringify({ requestPolicy: { headerContentType: 'application/json' } })
    await join({ RawMessageDelivery: 'true', DeliveryPolicy })
    const structure = JSON.stringify({ default: 'd', http: '{"a":1}' })
    await publish(structure, { MessageStructure: 'json' })
    const heard = await eventually(() => {
      expect(web.heard).toHaveLength(2)
      return web.heard[1]
    })
    expect(heard).toMatchObject({
      body: '{"a":1}',
      headers: { 'x-amz-sns-rawdelivery': 'true', 'content-type': 'application/json' },
    })
  })

  test('a server that is down for an hour loses nothing', async () => {
    const DeliveryPolicy = JSON.stringify({
      healthyRetryPolicy: { minDelayTarget: 60, maxDelayTarget: 60, numRetries: 60 },
    })
    await join({ DeliveryPolicy })
    web.answer = 503
    const all = Array.from({ length: 30 }, (_, at) => `m${at}`)
    for (const text of all) await publish(text)
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await isToBeTriedAgain(all.length)
      await messaging.pass(10 * 60_000)
    }
    await eventually(() => expect(texts().length).toBeGreaterThanOrEqual(6 * all.length))
    web.answer = 200
    const before = texts().length
    await eventually(async () => {
      await messaging.pass(60_000)
      expect(new Set(texts().slice(before))).toEqual(new Set(all))
    })
    await nothingIsLeft()
  })

  test('what is given up goes to the dead-letter queue, at once where trying again does not help', async () => {
    const { url, arn } = await messaging.makeQueue('dead', TOPIC)
    await join({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn }) })
    web.answer = 404
    await publish('refused')
    const letter = async () => {
      const bodies = await messaging.drain(url)
      expect(bodies).toHaveLength(1)
      return (JSON.parse(bodies[0] as string) as { Message: string }).Message
    }
    expect(await eventually(letter)).toBe('refused')
    expect(texts()).toEqual(['refused'])
    web.answer = 500
    await publish('failing')
    for (let failures = 1; failures <= 4; failures++) {
      await eventually(() => expect(texts()).toHaveLength(1 + failures))
      if (failures === 4) break
      await isToBeTriedAgain(1)
      await messaging.pass(20_000)
    }
    expect(await eventually(letter)).toBe('failing')
    // Redirects are not followed.
    web.answer = 302
    await publish('moved')
    expect(await eventually(letter)).toBe('moved')
    await nothingIsLeft()
  })

  test('no more a second than the policy says', async () => {
    await join({ DeliveryPolicy: JSON.stringify({ throttlePolicy: { maxReceivesPerSecond: 20 } }) })
    const started = performance.now()
    for (let at = 0; at < 10; at++) await publish(`m${at}`)
    await eventually(() => expect(texts()).toHaveLength(10))
    expect(performance.now() - started).toBeGreaterThan(400)
  })

  test('nothing is lost that comes while the message before has still no answer', async () => {
    let confirmed = ''
    // Many servers follow the link before they answer.
    web.answer = async ({ body, headers }) => {
      if (headers['x-amz-sns-message-type'] !== 'SubscriptionConfirmation') return 200
      const { Token = '' } = JSON.parse(body) as Record<string, string>
      const answer = await messaging.topics('ConfirmSubscription', { TopicArn: TOPIC, Token }, NOBODY)
      confirmed = answer?.SubscriptionArn as string
      await publish('first')
      await eventually(async () => expect(await rows('sns_deliveries')).toBe(2))
      return 200
    }
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint: `${web.url}/hook` })
    await eventually(() => expect(texts()).toEqual(['first']))
    web.answer = async ({ headers }) => {
      if (headers['x-amz-sns-message-type'] === 'Notification')
        await messaging.topics('Unsubscribe', { SubscriptionArn: confirmed }, NOBODY)
      return 200
    }
    await publish('second')
    await eventually(() => expect(web.messages('UnsubscribeConfirmation')).toHaveLength(1))
    await nothingIsLeft()
  })

  test('one that is slow or gone holds up no other', async () => {
    await join(undefined, '/slow')
    await join(undefined, '/fast')
    web.answer = ({ path }) => (path === '/slow' ? 503 : 200)
    for (let at = 0; at < 20; at++) await publish(`m${at}`)
    await eventually(() => expect(web.heard.filter(({ path }) => path === '/fast')).toHaveLength(21))
  })

  test('nothing is sent to addresses inside, whatever name they go by', async () => {
    const inside = [
      'http://169.254.169.254/latest',
      'http://[::ffff:169.254.169.254]/',
      'http://[fe80::1]/',
      'http://0.0.0.0/',
    ]
    for (const Endpoint of inside)
      await expect(
        messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint }),
      ).rejects.toMatchObject({
        code: 'InvalidParameter',
      })
    for (const Endpoint of [
      'ftp://a/',
      'http:/a',
      'https://a/',
      'http://a/#b',
      'http://a b/',
      `http://a/${'x'.repeat(3000)}`,
    ])
      await expect(
        messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint }),
      ).rejects.toMatchObject({
        code: 'InvalidParameter',
      })
  })
})

test('names that resolve to this machine are not reached without configuration', async () => {
  const web = await startWebSubscriber()
  const messaging = await startMessaging(await testStores[0]!.create(), { allowedNetworks: [] })
  try {
    await messaging.topics('CreateTopic', { Name: 'results' })
    const Endpoint = web.url.replace('127.0.0.1', 'localhost')
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint })
    await eventually(async () =>
      expect(await messaging.database.query.selectFrom('sns_deliveries').select('id').execute()).toEqual([]),
    )
    expect(web.heard).toEqual([])
  } finally {
    await web.stop()
    await messaging.stop()
  }
})
