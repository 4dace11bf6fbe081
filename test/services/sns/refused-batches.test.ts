import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT } from '../../support/s3-service.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`

describe.each(testStores)('batches for a queue that refuses, on $dialect', ({ create }) => {
  let messaging: TestMessaging
  beforeEach(async () => {
    messaging = await startMessaging(await create())
    await messaging.topics('CreateTopic', { Name: 'results' })
  })
  afterEach(() => messaging.stop())

  test('ask it some times a second, and reach it once it takes them', async () => {
    const { url, arn } = await messaging.makeQueue('closed')
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: arn })
    const open = vi.spyOn(messaging.sqs.facade, 'openQueue')
    const left = () => messaging.database.query.selectFrom('sns_publications').select('id').execute()
    const publish = async (Message: string) => {
      await messaging.topics('Publish', { TopicArn: TOPIC, Message })
      await eventually(async () => expect(await left()).toEqual([]))
    }
    await publish('first')
    const [begun, asked] = [performance.now(), open.mock.calls.length]
    for (let times = 0; times < 20; times++) await publish(`${times}`)
    expect(open.mock.calls.length - asked).toBeLessThanOrEqual(1 + (performance.now() - begun) / 250)
    const Policy = JSON.stringify({
      Statement: { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: arn },
    })
    await messaging.queues('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } })
    await eventually(async () => {
      await publish('last')
      expect(await messaging.drain(url)).not.toEqual([])
    })
  })
})
