import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { servicePrincipal } from '../../../src/access/principals.ts'
import type { LambdaFacade } from '../../../src/services/lambda/facade.ts'
import { statement } from '../../../src/storage/statement.ts'
import { ServiceError } from '../../../src/wire/service-error.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { allow as allowed } from '../../support/identities.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT, accountRoot } from '../../support/s3-service.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:results`
const OTHER = '222222222222'
const STRANGER = { principal: accountRoot(OTHER) }
const DENIED = { code: 'AuthorizationError', status: 403 }

describe.each(testStores)('topics on $dialect', ({ create }) => {
  let messaging: TestMessaging
  let events: { principal: string; arn: string; conditions: unknown; event: string }[]
  let refuse: ServiceError | undefined
  let tooLarge: ServiceError | undefined

  beforeEach(async () => {
    events = []
    refuse = undefined
    tooLarge = undefined
    // Lambda itself is asked in test/clients; here it is the fault that cannot be had from it.
    const lambda: LambdaFacade = {
      invoke: () => Promise.reject(new Error('not used here')),
      openFunction: async (principal, arn, conditions) => {
        if (refuse !== undefined) throw refuse
        return {
          enqueue: (event) => {
            if (tooLarge !== undefined) throw tooLarge
            events.push({ principal: principal.arn, arn, conditions, event })
            return []
          },
        }
      },
    }
    messaging = await startMessaging(await create(), { lambda })
    await messaging.topics('CreateTopic', { Name: 'results' })
  })
  afterEach(() => messaging.stop())

  const publish = (Message: string, more = {}) => messaging.topics('Publish', { TopicArn: TOPIC, Message, ...more })
  const subscribe = async (Endpoint: string, more = {}) =>
    (await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint, ...more }))?.SubscriptionArn ??
    ''
  const setPolicy = (...Statement: object[]) =>
    messaging.topics('SetTopicAttributes', {
      TopicArn: TOPIC,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Version: '2012-10-17', Statement }),
    })
  const allow = (Action: string | string[], Principal: unknown = { AWS: OTHER }) => ({
    Effect: 'Allow',
    Principal,
    Action,
    Resource: TOPIC,
  })
  const inbox = async (url: string, count: number) => {
    const all: string[] = []
    return eventually(async () => {
      all.push(...(await messaging.drain(url)))
      expect(all).toHaveLength(count)
      return all
    })
  }
  const publications = async () =>
    (await messaging.database.query.selectFrom('sns_publications').select('id').execute()).length

  test('everything that is published arrives, in order, and is forgotten', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await subscribe(arn, { Attributes: { RawMessageDelivery: 'true' } })
    const sent = Array.from({ length: 300 }, (_, at) => `m${at}`)
    for (let at = 0; at < sent.length; at += 50) await Promise.all(sent.slice(at, at + 50).map((text) => publish(text)))
    expect((await inbox(url, sent.length)).sort()).toEqual([...sent].sort())
    await eventually(async () => expect(await publications()).toBe(0))
  })

  test('publications of another service are committed with what they are about', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await subscribe(arn, { Attributes: { RawMessageDelivery: 'true' } })
    const topic = await messaging.sns.facade.openTopic(accountRoot(ACCOUNT), TOPIC)
    const { messageId, statements } = topic.publication({ message: 'together', subject: 'Done' })
    expect(messageId).toMatch(/^[0-9a-f-]{36}$/)
    const { query } = messaging.database
    const never = query.selectFrom('sns_topics').select('id').where('id', '=', 'none')
    const impossible = statement(never, { rows: 1, otherwise: () => new Error('rolled back') })
    await expect(messaging.database.commit([...statements, impossible])).rejects.toThrow('rolled back')
    await messaging.database.commit(topic.publication({ message: 'alone' }).statements)
    expect(await inbox(url, 1)).toEqual(['alone'])
    await messaging.sns.facade.publish(accountRoot(ACCOUNT), TOPIC, { message: 'at once' })
    expect(await inbox(url, 1)).toEqual(['at once'])
    const service = servicePrincipal('sagemaker.amazonaws.com')
    await expect(messaging.sns.facade.authorizePublish(service, TOPIC)).rejects.toMatchObject(DENIED)
    expect(() => topic.publication({ message: 'x'.repeat(262_145) })).toThrow('Message too long')
  })

  test("a role's own policies say whether it may publish", async () => {
    const poor = await messaging.identities.role(ACCOUNT, 'poor')
    const rich = await messaging.identities.role(ACCOUNT, 'rich', allowed('sns:Publish', { Resource: TOPIC }))
    await expect(messaging.sns.facade.authorizePublish(poor, TOPIC)).rejects.toMatchObject(DENIED)
    await messaging.sns.facade.authorizePublish(rich, TOPIC)
    await setPolicy({ ...allow('sns:Publish', '*'), Effect: 'Deny' })
    await eventually(() => expect(messaging.sns.facade.authorizePublish(rich, TOPIC)).rejects.toMatchObject(DENIED))
  })

  test('functions get the event that SNS makes', async () => {
    const Endpoint = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`
    const arn = await subscribe(Endpoint, { Protocol: 'lambda' })
    const MessageAttributes = { n: { DataType: 'Number', StringValue: '1' } }
    const sent = await publish('hello', { Subject: 'S', MessageAttributes })
    await eventually(() => expect(events).toHaveLength(1))
    const { event, ...who } = events[0] as (typeof events)[0]
    expect(who).toEqual({
      principal: 'sns.amazonaws.com',
      arn: Endpoint,
      conditions: { 'aws:sourcearn': TOPIC, 'aws:sourceaccount': ACCOUNT },
    })
    expect(JSON.parse(event)).toEqual({
      Records: [
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: arn,
          Sns: {
            Type: 'Notification',
            MessageId: sent?.MessageId,
            TopicArn: TOPIC,
            Subject: 'S',
            Message: 'hello',
            Timestamp: new Date(messaging.now).toISOString(),
            SignatureVersion: '1',
            Signature: expect.any(String),
            SigningCertUrl: expect.stringMatching(/\/SimpleNotificationService-[0-9a-f]{32}\.pem$/),
            UnsubscribeUrl: expect.stringContaining(encodeURIComponent(arn)),
            MessageAttributes: { n: { Type: 'Number', Value: '1' } },
          },
        },
      ],
    })
  })

  test('what a function or a queue does not take goes to the dead-letter queue', async () => {
    const dead = await messaging.makeQueue('dead', TOPIC)
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn })
    const closed = await messaging.makeQueue('closed')
    const open = await messaging.makeQueue('open', TOPIC)
    await subscribe(closed.arn, { Attributes: { RedrivePolicy, RawMessageDelivery: 'true' } })
    await subscribe(open.arn, { Attributes: { RawMessageDelivery: 'true' } })
    await publish('x')
    // The one that is closed keeps nothing from the other.
    expect(await inbox(open.url, 1)).toEqual(['x'])
    const answer = await eventually(async () => {
      const found = await messaging.queues('ReceiveMessage', { QueueUrl: dead.url, MessageAttributeNames: ['All'] })
      expect(found?.Messages).toHaveLength(1)
      return found?.Messages?.[0]
    })
    expect(answer?.Body).toBe('x')
    expect(answer?.MessageAttributes?.ErrorCode?.StringValue).toBe('AccessDenied')
    expect(await messaging.drain(closed.url)).toEqual([])

    refuse = new ServiceError('ResourceNotFoundException', 'Function not found', { status: 404 })
    const Endpoint = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`
    await subscribe(Endpoint, { Protocol: 'lambda', Attributes: { RedrivePolicy } })
    await publish('y')
    await eventually(async () => {
      const bodies = await messaging.drain(dead.url)
      expect(bodies.some((body) => body.includes('"Message":"y"'))).toBe(true)
    })
    await eventually(async () => expect(await publications()).toBe(0))
  })

  test('what a queue or a function could never take blocks nobody', async () => {
    const dead = await messaging.makeQueue('dead', TOPIC)
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn })
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await subscribe(arn, { Attributes: { RawMessageDelivery: 'true', RedrivePolicy } })
    const attributes = Array.from({ length: 11 }, (_, at) => [`a${at}`, { DataType: 'String', StringValue: 'v' }])
    await publish('too many attributes', { MessageAttributes: Object.fromEntries(attributes) })
    await publish('characters \u0001')
    await publish('fine')
    expect(await inbox(url, 1)).toEqual(['fine'])
    expect((await inbox(dead.url, 2)).sort()).toEqual(['characters \ufffd', 'too many attributes'])
    tooLarge = new ServiceError('RequestTooLargeException', 'too large', { status: 413 })
    await subscribe(`arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`, {
      Protocol: 'lambda',
      Attributes: { RedrivePolicy },
    })
    await publish('large')
    expect((await inbox(dead.url, 1))[0]).toContain('"Message":"large"')
    expect(await inbox(url, 1)).toEqual(['large'])
  })

  test('a message that is nested deep holds up no other', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    const FilterPolicy = JSON.stringify({ a: ['x'] })
    await subscribe(arn, { Attributes: { RawMessageDelivery: 'true', FilterPolicyScope: 'MessageBody', FilterPolicy } })
    await publish(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    await publish('{"a":"x"}')
    expect(await inbox(url, 1)).toEqual(['{"a":"x"}'])
  })

  test('queues get the group of a message, and a subject in any language', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await subscribe(arn)
    await publish('x', { MessageGroupId: 'tenant-1', Subject: 'Grüße' })
    const received = await eventually(async () => {
      const answer = await messaging.queues('ReceiveMessage', { QueueUrl: url, AttributeNames: ['MessageGroupId'] })
      expect(answer?.Messages).toHaveLength(1)
      return answer?.Messages?.[0]
    })
    expect(received?.Attributes).toEqual({ MessageGroupId: 'tenant-1' })
    expect(JSON.parse(received?.Body ?? '')).toMatchObject({ Subject: 'Grüße' })
  })

  test('who subscribes again with the same attributes, in any order and as far as they are given, is the same', async () => {
    const { arn } = await messaging.makeQueue('inbox', TOPIC)
    const FilterPolicy = JSON.stringify({ a: ['x'] })
    const first = await subscribe(arn, { Attributes: { RawMessageDelivery: 'true', FilterPolicy } })
    const again = [
      undefined,
      { FilterPolicy, RawMessageDelivery: 'true' },
      { FilterPolicy, FilterPolicyScope: 'MessageAttributes' },
    ]
    for (const Attributes of again) expect(await subscribe(arn, { Attributes })).toBe(first)
    const different = subscribe(arn, { Attributes: { RawMessageDelivery: 'false' } })
    await expect(different).rejects.toMatchObject({ code: 'InvalidParameter' })
    const many = JSON.stringify(Object.fromEntries([...'abcdef'].map((key) => [key, ['x']])))
    await expect(subscribe(`${arn}2`, { Attributes: { FilterPolicy: many } })).rejects.toMatchObject({
      code: 'InvalidParameter',
      status: 400,
    })
  })

  test('passwords in endpoints are not shown', async () => {
    await subscribe('http://ann:secret@127.0.0.1:9/x?y=z', { Protocol: 'http' })
    const listed = JSON.stringify(await messaging.topics('ListSubscriptions', {}))
    expect(listed).toContain('http://ann:****@127.0.0.1:9/x?y=z')
    expect(listed).not.toContain('secret')
  })

  test('what fails on this side is tried until it works', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await subscribe(arn, { Attributes: { RawMessageDelivery: 'true' } })
    await subscribe(`arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`, { Protocol: 'lambda' })
    refuse = new ServiceError('ServiceUnavailable', 'storage is away', { status: 503 })
    await publish('x')
    await eventually(async () => {
      const items = await messaging.database.query
        .selectFrom('work_items')
        .select('attempts')
        .where('kind', '=', 'sns-fan-out')
        .execute()
      expect(items[0]?.attempts).toBeGreaterThan(0)
    })
    expect(await messaging.drain(url)).toEqual([])
    refuse = undefined
    await eventually(async () => {
      await messaging.pass(1_000)
      expect(events).toHaveLength(1)
    })
    expect(await inbox(url, 1)).toEqual(['x'])
  })

  test("other accounts publish and subscribe as the topic's policy says", async () => {
    const theirs = `arn:aws:sqs:us-east-1:${OTHER}:theirs`
    const publishAs = () => messaging.topics('Publish', { TopicArn: TOPIC, Message: 'm' }, STRANGER)
    const subscribeAs = (Endpoint = theirs) =>
      messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint }, STRANGER)
    await expect(publishAs()).rejects.toMatchObject(DENIED)
    await expect(subscribeAs()).rejects.toMatchObject(DENIED)
    await messaging.topics('AddPermission', {
      TopicArn: TOPIC,
      Label: 'l',
      AWSAccountId: [OTHER],
      ActionName: ['Publish'],
    })
    await eventually(publishAs)
    await expect(subscribeAs()).rejects.toMatchObject(DENIED)
    const Condition = { StringEquals: { 'sns:Protocol': 'sqs' }, StringLike: { 'sns:Endpoint': `*:${OTHER}:theirs` } }
    await setPolicy({ ...allow('sns:Subscribe'), Condition })
    const SubscriptionArn = await eventually(async () => (await subscribeAs())?.SubscriptionArn as string)
    await expect(subscribeAs(`${theirs}2`)).rejects.toMatchObject(DENIED)
    // It is theirs, and the topic's owner sees it.
    const told = await messaging.topics('GetSubscriptionAttributes', { SubscriptionArn })
    expect(told?.Attributes).toMatchObject({ Owner: OTHER, PendingConfirmation: 'false' })
    const third = { principal: accountRoot('333333333333') }
    for (const operation of ['GetSubscriptionAttributes', 'Unsubscribe'] as const)
      await expect(messaging.topics(operation, { SubscriptionArn }, third)).rejects.toMatchObject(DENIED)
    await messaging.topics('Unsubscribe', { SubscriptionArn }, STRANGER)
    await expect(messaging.topics('TagResource', { ResourceArn: TOPIC, Tags: [] }, STRANGER)).rejects.toMatchObject(
      DENIED,
    )
  })

  test('a queue of another account has to confirm, and is asked by a message if it lets SNS in', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await setPolicy(allow('sns:Subscribe'))
    await eventually(() => messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: arn }, STRANGER))
    const [text = ''] = await inbox(url, 1)
    const { Type, Token } = JSON.parse(text) as Record<string, string>
    expect(Type).toBe('SubscriptionConfirmation')
    const listed = await messaging.topics('ListSubscriptionsByTopic', { TopicArn: TOPIC })
    expect(listed?.Subscriptions?.[0]?.SubscriptionArn).toBe('PendingConfirmation')
    await publish('too early')
    await eventually(async () => expect(await publications()).toBe(0))
    const confirm = () => messaging.topics('ConfirmSubscription', { TopicArn: TOPIC, Token: Token as string })
    const { SubscriptionArn = '' } = (await confirm()) ?? {}
    await publish('in time')
    expect((await inbox(url, 1)).map((body) => (JSON.parse(body) as { Message: string }).Message)).toEqual(['in time'])
    // A token brings back what has been ended, but makes no second subscription of the same endpoint.
    await messaging.topics('Unsubscribe', { SubscriptionArn })
    expect(await confirm()).toEqual({ SubscriptionArn })
    await messaging.topics('Unsubscribe', { SubscriptionArn })
    expect(await subscribe(arn)).not.toBe(SubscriptionArn)
    await expect(confirm()).rejects.toMatchObject({ code: 'InvalidParameter' })
  })

  test('a topic that is deleted takes all with it, and its namesake gets nothing', async () => {
    await subscribe(`http://127.0.0.1:9/x`, { Protocol: 'http' })
    await publish('x')
    await messaging.topics('DeleteTopic', { TopicArn: TOPIC })
    await messaging.topics('DeleteTopic', { TopicArn: TOPIC })
    await messaging.topics('CreateTopic', { Name: 'results' })
    expect((await messaging.topics('ListSubscriptions', {}))?.Subscriptions).toEqual([])
    await eventually(async () => {
      expect(await publications()).toBe(0)
      expect(await messaging.database.query.selectFrom('sns_deliveries').select('id').execute()).toEqual([])
    })
  })

  test('subscriptions that nobody confirms are forgotten after three days', async () => {
    await subscribe(`http://127.0.0.1:9/x`, { Protocol: 'http' })
    await messaging.pass(4 * 24 * 60 * 60_000)
    await eventually(async () => expect((await messaging.topics('ListSubscriptions', {}))?.Subscriptions).toEqual([]))
  })

  // biome-ignore format: one case a line
  test.each<[string, Parameters<TestMessaging['topics']>[0], object, object]>([
    ['a name with a blank', 'CreateTopic', { Name: 'a b' }, { code: 'InvalidParameter' }],
    ['a FIFO topic', 'CreateTopic', { Name: 'a.fifo' }, { code: 'NotImplemented' }],
    ['a FIFO topic by attribute', 'CreateTopic', { Name: 'a', Attributes: { FifoTopic: 'true' } }, { code: 'NotImplemented' }],
    ['a key of KMS', 'CreateTopic', { Name: 'a', Attributes: { KmsMasterKeyId: 'alias/aws/sns' } }, { code: 'NotImplemented' }],
    ['other attributes than it has', 'CreateTopic', { Name: 'results', Attributes: { DisplayName: 'x' } }, { code: 'InvalidParameter' }],
    ['an attribute of nobody', 'SetTopicAttributes', { AttributeName: 'Colour', AttributeValue: 'x' }, { code: 'InvalidParameter' }],
    ['a policy about S3', 'SetTopicAttributes', { AttributeName: 'Policy', AttributeValue: '{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}' }, { code: 'InvalidParameter', message: 'Invalid parameter: Policy statement action out of service scope!' }],
    ['a log of deliveries', 'SetTopicAttributes', { AttributeName: 'SQSFailureFeedbackRoleArn', AttributeValue: 'x' }, { code: 'NotImplemented' }],
    ['a topic that is not there', 'Publish', { TopicArn: `${TOPIC}x`, Message: 'm' }, { code: 'NotFound', status: 404 }],
    ['what is no ARN', 'Publish', { TopicArn: 'results', Message: 'm' }, { code: 'InvalidParameter' }],
    ['an empty message', 'Publish', { Message: '' }, { code: 'InvalidParameter' }],
    ['a long subject', 'Publish', { Message: 'm', Subject: 'x'.repeat(101) }, { code: 'InvalidParameter' }],
    ['a subject of two lines', 'Publish', { Message: 'm', Subject: 'a\u2028b' }, { code: 'InvalidParameter' }],
    ['a group with a space', 'Publish', { Message: 'm', MessageGroupId: 'g g' }, { code: 'InvalidParameter' }],
    ['a deduplication of FIFO', 'Publish', { Message: 'm', MessageDeduplicationId: 'd' }, { code: 'InvalidParameter' }],
    ['a structure without a default', 'Publish', { Message: '{"sqs":"x"}', MessageStructure: 'json' }, { code: 'InvalidParameter' }],
    ['a structure that is no JSON', 'Publish', { Message: 'x', MessageStructure: 'json' }, { code: 'InvalidParameter' }],
    ['a list that is none', 'Publish', { Message: 'm', MessageAttributes: { a: { DataType: 'String.Array', StringValue: 'x' } } }, { code: 'InvalidParameter' }],
    ['a number that is none', 'Publish', { Message: 'm', MessageAttributes: { a: { DataType: 'Number', StringValue: 'NaN' } } }, { code: 'InvalidParameter' }],
    ['an empty batch', 'PublishBatch', { PublishBatchRequestEntries: [] }, { code: 'EmptyBatchRequest' }],
    ['eleven entries', 'PublishBatch', { PublishBatchRequestEntries: Array.from({ length: 11 }, (_, at) => ({ Id: `${at}`, Message: 'm' })) }, { code: 'TooManyEntriesInBatchRequest' }],
    ['the same id twice', 'PublishBatch', { PublishBatchRequestEntries: [{ Id: 'a', Message: 'm' }, { Id: 'a', Message: 'm' }] }, { code: 'BatchEntryIdsNotDistinct' }],
    ['a batch too large', 'PublishBatch', { PublishBatchRequestEntries: ['a', 'b'].map((Id) => ({ Id, Message: 'x'.repeat(200_000) })) }, { code: 'BatchRequestTooLong' }],
    ['mail', 'Subscribe', { Protocol: 'email', Endpoint: 'a@b' }, { code: 'NotImplemented' }],
    ['a protocol of nobody', 'Subscribe', { Protocol: 'pigeon', Endpoint: 'x' }, { code: 'InvalidParameter' }],
    ['an endpoint of another protocol', 'Subscribe', { Protocol: 'https', Endpoint: 'http://example.com' }, { code: 'InvalidParameter' }],
    ['a queue that is none', 'Subscribe', { Protocol: 'sqs', Endpoint: 'http://example.com' }, { code: 'InvalidParameter' }],
    ['a FIFO queue', 'Subscribe', { Protocol: 'sqs', Endpoint: `arn:aws:sqs:us-east-1:${ACCOUNT}:q.fifo` }, { code: 'NotImplemented' }],
    ['a filter that is none', 'Subscribe', { Protocol: 'sqs', Endpoint: `arn:aws:sqs:us-east-1:${ACCOUNT}:q`, Attributes: { FilterPolicy: '{' } }, { code: 'InvalidParameter' }],
    ['raw events', 'Subscribe', { Protocol: 'lambda', Endpoint: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`, Attributes: { RawMessageDelivery: 'true' } }, { code: 'InvalidParameter' }],
    ['a delivery policy of a queue', 'Subscribe', { Protocol: 'sqs', Endpoint: `arn:aws:sqs:us-east-1:${ACCOUNT}:q`, Attributes: { DeliveryPolicy: '{}x' } }, { code: 'InvalidParameter' }],
    ['a subscription of nobody', 'GetSubscriptionAttributes', { SubscriptionArn: `${TOPIC}:11111111-1111-1111-1111-111111111111` }, { code: 'NotFound' }],
    ['a permission of nobody', 'AddPermission', { Label: 'l', AWSAccountId: ['1'], ActionName: ['Publish'] }, { code: 'InvalidParameter' }],
    ['a token of nobody', 'ListTopics', { NextToken: 'x' }, { code: 'InvalidParameter' }],
  ])('%s is refused', async (_name, operation, input, error) => {
    await expect(messaging.topics(operation, { TopicArn: TOPIC, ...input } as never)).rejects.toMatchObject(error)
  })
})
