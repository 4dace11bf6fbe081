import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Notification } from '../../../src/services/sns/facade.ts'
import { testStores } from '../../support/databases.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT, accountRoot } from '../../support/s3-service.ts'
import { startWebSubscriber } from '../../support/web-subscriber.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`
const RAW = { RawMessageDelivery: 'true' }

describe.each(testStores)('messages that a unit puts into the queues itself, on $dialect', ({ create }) => {
  let messaging: TestMessaging
  beforeEach(async () => {
    messaging = await startMessaging(await create())
    await messaging.topics('CreateTopic', { Name: 'results' })
  })
  afterEach(() => messaging.stop())

  const subscribe = (Endpoint: string, Attributes: Record<string, string> = RAW) =>
    messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint, Attributes })
  const directDelivery = async (...notifications: readonly Notification[]) => {
    const topic = await messaging.sns.facade.openTopic(accountRoot(ACCOUNT), TOPIC)
    return topic.directDelivery(
      notifications.map((notification) => topic.accept(notification)),
      () => new Error('gone'),
      () => new Error('changed'),
    )
  }
  const stored = () => messaging.database.query.selectFrom('sns_publications').select('id').execute()

  test('are there with the unit, for each subscription what its filter takes, and nothing else is stored', async () => {
    const all = await messaging.makeQueue('all', TOPIC)
    const some = await messaging.makeQueue('some', TOPIC)
    await subscribe(all.arn)
    await subscribe(some.arn, { ...RAW, FilterPolicy: JSON.stringify({ kind: ['b'] }) })
    const of = (kind: string): Notification => ({
      message: kind,
      subject: 'Done',
      attributes: { kind: { type: 'String', value: kind } },
    })
    const unit = await directDelivery(of('a'), of('b'), of('c'))
    expect(await messaging.drain(all.url)).toEqual([])
    await messaging.database.commit(unit ?? [])
    expect([...(await messaging.drain(all.url))].sort()).toEqual(['a', 'b', 'c'])
    expect(await messaging.drain(some.url)).toEqual(['b'])
    expect(await stored()).toEqual([])
  })

  test('are for nobody where nobody has subscribed', async () => {
    await messaging.database.commit((await directDelivery({ message: 'm' })) ?? [])
    expect(await stored()).toEqual([])
  })

  test('fail the unit when somebody subscribes, or the topic goes, before it is committed', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    const before = (await directDelivery({ message: 'm' })) ?? []
    await subscribe(arn)
    await expect(messaging.database.commit(before)).rejects.toThrow('changed')
    const after = (await directDelivery({ message: 'n' })) ?? []
    await messaging.topics('DeleteTopic', { TopicArn: TOPIC })
    await expect(messaging.database.commit(after)).rejects.toThrow('gone')
    expect(await messaging.drain(url)).toEqual([])
  })

  test('fail the unit when a subscription is replaced, or gets other attributes, before it is committed', async () => {
    const one = await messaging.makeQueue('one', TOPIC)
    const other = await messaging.makeQueue('other', TOPIC)
    const leaving = await subscribe(one.arn)
    const replaced = (await directDelivery({ message: 'm' })) ?? []
    await messaging.topics('Unsubscribe', { SubscriptionArn: leaving.SubscriptionArn ?? '' })
    const { SubscriptionArn = '' } = await subscribe(other.arn)
    await expect(messaging.database.commit(replaced)).rejects.toThrow('changed')
    for (const [AttributeName, AttributeValue] of [
      ['FilterPolicy', JSON.stringify({ kind: ['b'] })],
      ['FilterPolicy', '{}'],
      ['RawMessageDelivery', 'false'],
    ] as const) {
      const unit = (await directDelivery({ message: 'm', attributes: { kind: { type: 'String', value: 'b' } } })) ?? []
      await messaging.topics('SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue })
      await expect(messaging.database.commit(unit), AttributeName).rejects.toThrow('changed')
    }
    expect([...(await messaging.drain(one.url)), ...(await messaging.drain(other.url))]).toEqual([])
  })

  test('are put into several queues, each once', async () => {
    const queues = await Promise.all(Array.from({ length: 7 }, (_, at) => messaging.makeQueue(`q${at}`, TOPIC)))
    for (const { arn } of queues) await subscribe(arn)
    await messaging.database.commit((await directDelivery({ message: 'm' })) ?? [])
    for (const { url } of queues) expect(await messaging.drain(url)).toEqual(['m'])
  })

  test('are left to the fan-out where a queue refuses, or gets an envelope, or there is much', async () => {
    const open = await messaging.makeQueue('open', TOPIC)
    await subscribe(open.arn)
    const longs = Array.from({ length: 10 }, () => ({ message: 'x'.repeat(200_000) }))
    expect(await directDelivery(...longs)).toBeUndefined()
    expect(await directDelivery({ message: 'm' })).toBeDefined()
    await messaging.queues('SetQueueAttributes', { QueueUrl: open.url, Attributes: { MaximumMessageSize: '1024' } })
    expect(await directDelivery({ message: 'm' }, { message: 'x'.repeat(1_025) })).toBeUndefined()
    const closed = await messaging.makeQueue('closed')
    await subscribe(closed.arn)
    expect(await directDelivery({ message: 'm' })).toBeUndefined()
  })

  test('ask a queue that refuses again after some seconds only', async () => {
    const { url, arn } = await messaging.makeQueue('closed')
    await subscribe(arn)
    expect(await directDelivery({ message: 'm' })).toBeUndefined()
    const open = vi.spyOn(messaging.sqs.facade, 'openQueue')
    const before = messaging.database.commitCount()
    for (let times = 0; times < 20; times++) expect(await directDelivery({ message: 'm' })).toBeUndefined()
    expect(open).not.toHaveBeenCalled()
    expect(messaging.database.commitCount()).toBe(before)
    const Policy = JSON.stringify({
      Statement: { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: arn },
    })
    await messaging.queues('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
    messaging.now += 5_000
    expect(await directDelivery({ message: 'm' })).toBeDefined()
    expect(open).toHaveBeenCalledOnce()
  })

  test('are left to the fan-out where an envelope is wanted, or a web server', async () => {
    const { arn } = await messaging.makeQueue('inbox', TOPIC)
    const { SubscriptionArn = '' } = await subscribe(arn, {})
    expect(await directDelivery({ message: 'm' })).toBeUndefined()
    await messaging.topics('Unsubscribe', { SubscriptionArn })
    expect(await directDelivery({ message: 'm' })).toBeDefined()
    const web = await startWebSubscriber()
    try {
      await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint: `${web.url}/hook` })
      // Not confirmed: it gets nothing yet.
      expect(await directDelivery({ message: 'm' })).toBeDefined()
    } finally {
      await web.stop()
    }
  })
})
