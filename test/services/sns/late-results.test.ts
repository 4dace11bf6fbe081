import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anonymousPrincipal } from '../../../src/access/principals.ts'
import type { ClaimedRequest } from '../../../src/services/sagemaker-runtime/async-inference/async-request.ts'
import { SUBJECT, successMessage } from '../../../src/services/sagemaker-runtime/async-inference/notifications.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT, accountRoot } from '../../support/s3-service.ts'
import { startWebSubscriber, type WebSubscriber } from '../../support/web-subscriber.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`
const NOBODY = { principal: anonymousPrincipal, account: '' }
const RESULTS = ['r1', 'r2', 'r3', 'r4', 'r5']
const SECOND = 1_000
const HOUR = 3_600 * SECOND

describe.each(testStores)('results that are told while the web server is away, on $dialect', ({ create }) => {
  let messaging: TestMessaging
  let web: WebSubscriber
  let away: number

  beforeEach(async () => {
    web = await startWebSubscriber()
    messaging = await startMessaging(await create())
    await messaging.topics('CreateTopic', { Name: 'results' })
  })
  afterEach(async () => {
    await web.stop()
    await messaging.stop()
  })

  /** Subscribes, confirms, and has the server go; `back` brings it to the same place. */
  const subscribeAndGo = async (Attributes: Record<string, string>) => {
    const port = Number(new URL(web.url).port)
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'http', Endpoint: `${web.url}/hook`, Attributes })
    const [{ Token = '' } = {}] = await eventually(() => {
      expect(web.messages('SubscriptionConfirmation')).toHaveLength(1)
      return web.messages('SubscriptionConfirmation')
    })
    await messaging.topics('ConfirmSubscription', { TopicArn: TOPIC, Token }, NOBODY)
    await web.stop()
    away = messaging.now
    return async () => {
      web = await startWebSubscriber(port)
    }
  }
  /** As the end of a request publishes it: in a unit of work of the caller. */
  const tell = async (inferenceId: string) => {
    const request = {
      receivedAt: messaging.now,
      document: { inferenceId, contentType: 'text/csv', output: { bucket: 'b', key: `out/${inferenceId}.out` } },
    } as unknown as ClaimedRequest
    const message = successMessage(
      request,
      { region: 'us-east-1', endpointName: 'e', at: messaging.now },
      'text/csv',
      undefined,
    )
    const topic = await messaging.sns.facade.openTopic(accountRoot(ACCOUNT), TOPIC)
    await messaging.database.commit(topic.publication({ message, subject: SUBJECT }).statements)
  }
  const deliveries = () =>
    messaging.database.query.selectFrom('sns_deliveries').select(['attempts', 'due_at']).orderBy('id').execute()
  /** All have failed so often; resolves to the seconds until they are tried again. */
  const failed = async (attempts: number) => {
    const rows = await eventually(async () => {
      const all = await deliveries()
      expect(all.map((row) => row.attempts)).toEqual(RESULTS.map(() => attempts))
      return all
    })
    const [wait, ...others] = new Set(rows.map(({ due_at }) => due_at - messaging.now))
    expect(others).toEqual([])
    return (wait as number) / SECOND
  }
  const idsIn = (texts: readonly string[]) =>
    texts.map((text) => (JSON.parse(text) as { inferenceId: string }).inferenceId).sort()

  test('are delivered after an hour, by the retries of the subscription, each once', { timeout: 60_000 }, async () => {
    const healthyRetryPolicy = { numRetries: 60, minDelayTarget: 60, maxDelayTarget: 60 }
    const back = await subscribeAndGo({ DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) })
    for (const id of RESULTS) await tell(id)
    let failures = 0
    while (messaging.now - away < HOUR) {
      const wait = await failed(++failures)
      expect(wait).toBe(60)
      if (messaging.now - away + wait * SECOND >= HOUR) await back()
      await messaging.pass(wait * SECOND)
    }
    expect(failures).toBe(60)
    const heard = await eventually(() => {
      const all = web.messages('Notification')
      expect(all).toHaveLength(RESULTS.length)
      return all
    })
    expect(idsIn(heard.map(({ Message = '' }) => Message))).toEqual(RESULTS)
    await eventually(async () => expect(await deliveries()).toEqual([]))
  })

  test('go to the dead-letter queue when all retries have failed, in the phases that are documented', {
    timeout: 60_000,
  }, async () => {
    const { url, arn } = await messaging.makeQueue('dead', TOPIC)
    const healthyRetryPolicy = {
      numRetries: 9,
      numNoDelayRetries: 1,
      minDelayTarget: 10,
      numMinDelayRetries: 2,
      maxDelayTarget: 50,
      numMaxDelayRetries: 2,
      backoffFunction: 'linear',
    }
    await subscribeAndGo({
      DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn }),
    })
    for (const id of RESULTS) await tell(id)
    const waits: number[] = []
    // The retry without a delay has been made by the time that anybody looks.
    for (let failures = 2; failures <= 9; failures++) {
      const wait = await failed(failures)
      waits.push(wait)
      expect(await messaging.drain(url)).toEqual([])
      await messaging.pass(wait * SECOND)
    }
    expect(waits).toEqual([10, 10, 10, expect.closeTo(23.333, 2), expect.closeTo(36.667, 2), 50, 50, 50])
    const letters: string[] = []
    await eventually(async () => {
      letters.push(...(await messaging.drain(url)))
      expect(letters).toHaveLength(RESULTS.length)
    })
    const envelopes = letters.map((letter) => JSON.parse(letter) as Record<string, string>)
    expect(idsIn(envelopes.map(({ Message = '' }) => Message))).toEqual(RESULTS)
    expect(envelopes[0]).toMatchObject({ Type: 'Notification', TopicArn: TOPIC, Subject: SUBJECT })
    await eventually(async () => expect(await deliveries()).toEqual([]))
  })
})
