import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT, accountRoot } from '../../support/s3-service.ts'

const OTHER = '222222222222'
const DAY = 24 * 60 * 60_000

describe.each(testStores)('queues on $dialect', ({ create }) => {
  let messaging: TestMessaging
  let url: string
  let arn: string

  beforeEach(async () => {
    messaging = await startMessaging(await create())
    ;({ url, arn } = await messaging.makeQueue('jobs'))
  })
  afterEach(() => messaging.stop())

  const send = (MessageBody: string, more = {}) =>
    messaging.queues('SendMessage', { QueueUrl: url, MessageBody, ...more })
  const receive = async (more = {}, of = url) =>
    (await messaging.queues('ReceiveMessage', { QueueUrl: of, MaxNumberOfMessages: 10, ...more }))?.Messages ?? []
  const set = (Attributes: Record<string, string>, of = url) =>
    messaging.queues('SetQueueAttributes', { QueueUrl: of, Attributes })
  const stored = async () => (await messaging.database.query.selectFrom('sqs_messages').select('id').execute()).length
  const nudge = () => messaging.pass(0)

  test('a message is hidden while somebody has it, and comes again when it is not deleted', async () => {
    await send('a')
    await send('b')
    const [a, b] = await receive({ AttributeNames: ['All'] })
    expect([a?.Body, b?.Body]).toEqual(['a', 'b'])
    expect(a?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', SenderId: ACCOUNT })
    expect(await receive()).toEqual([])
    await messaging.queues('DeleteMessage', { QueueUrl: url, ReceiptHandle: b?.ReceiptHandle as string })
    messaging.now += 30_000
    const [again, ...none] = await receive({ AttributeNames: ['ApproximateReceiveCount'] })
    expect([again?.Body, again?.Attributes, none]).toEqual(['a', { ApproximateReceiveCount: '2' }, []])
    // What the first receiver had is good for nothing any more.
    await messaging.queues('DeleteMessage', { QueueUrl: url, ReceiptHandle: a?.ReceiptHandle as string })
    expect(await stored()).toBe(1)
  })

  test('what is stored is sealed unless the queue says otherwise', async () => {
    await send('a secret')
    await set({ SqsManagedSseEnabled: 'false' })
    await eventually(async () => {
      await send('in the open')
      const rows = await messaging.database.query.selectFrom('sqs_messages').select('content').execute()
      const texts = rows.map(({ content }) => content).join()
      expect(texts).toContain('in the open')
      expect(texts).not.toContain('a secret')
    })
    expect((await receive()).map(({ Body }) => Body)[0]).toBe('a secret')
  })

  test('who waits is woken by what is sent, and by what becomes visible, one after the other', async () => {
    const commits = messaging.database.commitCount()
    const first = receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 })
    const second = receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 })
    await eventually(() => expect(messaging.database.commitCount()).toBe(commits))
    await send('one')
    await Promise.race([first, second])
    await send('two')
    const bodies = [...(await first), ...(await second)].map(({ Body }) => Body)
    expect(bodies.sort()).toEqual(['one', 'two'])

    const third = receive({ WaitTimeSeconds: 20 })
    await send('later', { DelaySeconds: 60 })
    await nudge()
    await messaging.pass(60_000)
    expect((await third).map(({ Body }) => Body)).toContain('later')
  })

  test('who stops waiting takes no message with him', async () => {
    const controller = new AbortController()
    const gone = messaging.queues(
      'ReceiveMessage',
      { QueueUrl: url, WaitTimeSeconds: 20 },
      { signal: controller.signal },
    )
    const stays = receive({ WaitTimeSeconds: 20 })
    controller.abort()
    expect(await gone).toEqual({})
    await send('x')
    expect((await stays).map(({ Body }) => Body)).toEqual(['x'])
  })

  test('a worker that stops lets nobody wait', async () => {
    const waiting = Array.from({ length: 5 }, () => receive({ WaitTimeSeconds: 20 }))
    messaging.sqs.endWaiting()
    expect(await Promise.all([...waiting, receive({ WaitTimeSeconds: 20 })])).toEqual([[], [], [], [], [], []])
  })

  test('a purge takes everything that is there, and whoever waits gets what comes after it', async () => {
    for (let at = 0; at < 5; at++) await send(`old ${at}`)
    await receive({ MaxNumberOfMessages: 2 })
    await messaging.queues('PurgeQueue', { QueueUrl: url })
    await expect(messaging.queues('PurgeQueue', { QueueUrl: url })).rejects.toMatchObject({
      code: 'AWS.SimpleQueueService.PurgeQueueInProgress',
    })
    const waiting = receive({ WaitTimeSeconds: 20 })
    await send('new')
    expect((await waiting).map(({ Body }) => Body)).toEqual(['new'])
    await eventually(async () => expect(await stored()).toBe(1))
    messaging.now += 61_000
    await messaging.queues('PurgeQueue', { QueueUrl: url })
    await messaging.queues('DeleteQueue', { QueueUrl: url })
    await eventually(async () => expect(await stored()).toBe(0))
  })

  test('messages grow old and go', async () => {
    await set({ MessageRetentionPeriod: '60' })
    await send('a')
    messaging.now += 61_000
    await eventually(async () => expect(await receive()).toEqual([]))
    const counts = await messaging.queues('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] })
    expect(counts?.Attributes).toMatchObject({ ApproximateNumberOfMessages: '0' })
    await messaging.pass(10 * 60_000)
    await eventually(async () => expect(await stored()).toBe(0))
  })

  test('who waits at a queue of old messages waits, and does not look again and again', async () => {
    await set({ MessageRetentionPeriod: '60' })
    for (let at = 0; at < 3; at++) await send('old')
    messaging.now += 61_000
    const shown = async () => (await receive()).length
    await eventually(async () => expect(await shown()).toBe(0))
    const waiting = receive({ WaitTimeSeconds: 20 })
    await eventually(async () => expect(await stored()).toBe(0))
    const commits = messaging.database.commitCount()
    await receive({ WaitTimeSeconds: 1 })
    expect(messaging.database.commitCount() - commits).toBeLessThan(5)
    await send('new')
    expect((await waiting).map(({ Body }) => Body)).toEqual(['new'])
  })

  test('many who wait get what comes, each something else', async () => {
    const all = Array.from({ length: 20 }, () => receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }))
    for (let at = 0; at < 20; at++) await send(`m${at}`)
    const bodies = (await Promise.all(all)).flat().map(({ Body }) => Body)
    expect(new Set(bodies).size).toBe(20)
  })

  test('what has been received too often goes to the dead-letter queue', async () => {
    const dead = await messaging.makeQueue('dead')
    const redrive = (deadLetterTargetArn: string) =>
      set({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }) })
    await redrive(dead.arn)
    await eventually(async () => {
      const shown = await messaging.queues('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['RedrivePolicy'] })
      expect(shown?.Attributes).toBeDefined()
    })
    await send('poison')
    await send('fine')
    for (let time = 0; time < 2; time++) {
      expect(await receive()).toHaveLength(2)
      messaging.now += 30_000
    }
    expect(await receive()).toEqual([])
    const letters = await receive({ AttributeNames: ['All'] }, dead.url)
    expect(letters.map(({ Body }) => Body)).toEqual(['poison', 'fine'])
    expect(letters[0]?.Attributes?.DeadLetterQueueSourceArn).toBe(arn)
    const wrong = [arn.replace('jobs', 'nowhere'), arn.replace(ACCOUNT, OTHER), 'nonsense']
    for (const target of wrong) await expect(redrive(target)).rejects.toMatchObject({ code: 'InvalidAttributeValue' })
    await set({ RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'denyAll' }) }, dead.url)
    await eventually(() => expect(redrive(dead.arn)).rejects.toMatchObject({ code: 'InvalidAttributeValue' }))
    const allowed = { redrivePermission: 'byQueue', sourceQueueArns: [arn] }
    await set({ RedriveAllowPolicy: JSON.stringify(allowed) }, dead.url)
    await eventually(() => redrive(dead.arn))
  })

  test('a queue that is its own dead-letter queue goes on giving out its messages', async () => {
    await set({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }) })
    await send('a')
    for (let time = 1; time <= 3; time++) {
      const [message] = await receive({ VisibilityTimeout: 0, AttributeNames: ['ApproximateReceiveCount'] })
      expect(message?.Attributes).toEqual({ ApproximateReceiveCount: String(time) })
    }
  })

  test('what the attributes of a batch weigh counts', async () => {
    const MessageAttributes = { a: { DataType: 'Binary', BinaryValue: new Uint8Array(600_000) } }
    const Entries = ['1', '2'].map((Id) => ({ Id, MessageBody: 'x', MessageAttributes }))
    await expect(messaging.queues('SendMessageBatch', { QueueUrl: url, Entries })).rejects.toMatchObject({
      code: 'AWS.SimpleQueueService.BatchRequestTooLong',
      message: expect.stringContaining('1200016') as string,
    })
    expect(await stored()).toBe(0)
  })

  test('visibility is changed by who has the message, for twelve hours at most', async () => {
    await send('a')
    const [message] = await receive()
    const ReceiptHandle = message?.ReceiptHandle as string
    const change = (VisibilityTimeout: number) =>
      messaging.queues('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle, VisibilityTimeout })
    await change(43_200)
    messaging.now += DAY / 4
    await expect(change(43_200)).rejects.toThrow('beyond the limit')
    await expect(change(-1)).rejects.toMatchObject({ code: 'InvalidParameterValue' })
    await change(0)
    await expect(change(10)).rejects.toThrow('not available for visibility timeout change')
    expect(await receive()).toHaveLength(1)
    await expect(change(10)).rejects.toThrow('not available for visibility timeout change')
  })

  test('receivers at the same moment never get the same message', async () => {
    for (let at = 0; at < 40; at++) await send(`m${at}`)
    const all = await Promise.all(Array.from({ length: 10 }, () => receive({ MaxNumberOfMessages: 4 })))
    const ids = all.flat().map(({ MessageId }) => MessageId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(40)
  })

  test("a queue's policy lets others in, and only to what it says", async () => {
    const stranger = { principal: accountRoot(OTHER) }
    const sendAs = () => messaging.queues('SendMessage', { QueueUrl: url, MessageBody: 'from afar' }, stranger)
    const denied = { code: 'AccessDenied', status: 403 }
    await expect(sendAs()).rejects.toMatchObject(denied)
    const grant = { QueueUrl: url, Label: 'senders', AWSAccountIds: [OTHER], Actions: ['SendMessage'] }
    await messaging.queues('AddPermission', grant)
    await expect(messaging.queues('AddPermission', grant)).rejects.toThrow('Already exists')
    await eventually(sendAs)
    await expect(messaging.queues('ReceiveMessage', { QueueUrl: url }, stranger)).rejects.toMatchObject(denied)
    // No policy opens these, whatever it says.
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: arn }],
    })
    await set({ Policy })
    await eventually(() => messaging.queues('ReceiveMessage', { QueueUrl: url }, stranger))
    await expect(messaging.queues('DeleteQueue', { QueueUrl: url }, stranger)).rejects.toMatchObject(denied)
    await expect(
      messaging.queues('SetQueueAttributes', { QueueUrl: url, Attributes: { DelaySeconds: '1' } }, stranger),
    ).rejects.toMatchObject(denied)
    const deny = { Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: arn }
    await set({ Policy: JSON.stringify({ Version: '2012-10-17', Statement: [deny] }) })
    await eventually(() => expect(send('x')).rejects.toMatchObject(denied))
    await set({ Policy: '' })
    await eventually(() => send('x'))
    await messaging.queues('RemovePermission', { QueueUrl: url, Label: 'senders' }).catch((error: Error) => {
      expect(error.message).toContain("can't find label")
    })
  })

  // biome-ignore format: one case a line
  test.each<[string, Parameters<TestMessaging['queues']>[0], object, object]>([
    ['an address of nowhere', 'SendMessage', { QueueUrl: 'https://example.com/', MessageBody: 'x' }, { code: 'InvalidAddress' }],
    ['a queue that is not there', 'SendMessage', { QueueUrl: `http://h/${ACCOUNT}/none`, MessageBody: 'x' }, { code: 'AWS.SimpleQueueService.NonExistentQueue' }],
    ['no body', 'SendMessage', { MessageBody: '' }, { code: 'MissingParameter' }],
    ['half a character', 'SendMessage', { MessageBody: '\ud800' }, { code: 'InvalidMessageContents' }],
    ['too long a delay', 'SendMessage', { MessageBody: 'x', DelaySeconds: 901 }, { code: 'InvalidParameterValue' }],
    ['the deduplication of FIFO', 'SendMessage', { MessageBody: 'x', MessageDeduplicationId: 'd' }, { code: 'InvalidParameterValue' }],
    ['eleven attributes', 'SendMessage', { MessageBody: 'x', MessageAttributes: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`a${at}`, { DataType: 'String', StringValue: 'v' }])) }, { code: 'InvalidParameterValue' }],
    ['a number that is none', 'SendMessage', { MessageBody: 'x', MessageAttributes: { n: { DataType: 'Number', StringValue: '1e' } } }, { code: 'InvalidParameterValue' }],
    ['a type of nobody', 'SendMessage', { MessageBody: 'x', MessageAttributes: { n: { DataType: 'Date', StringValue: '1' } } }, { code: 'InvalidParameterValue' }],
    ['a reserved name', 'SendMessage', { MessageBody: 'x', MessageAttributes: { 'AWS.n': { DataType: 'String', StringValue: '1' } } }, { code: 'InvalidParameterValue' }],
    ['eleven entries', 'SendMessageBatch', { Entries: Array.from({ length: 11 }, (_, at) => ({ Id: `${at}`, MessageBody: 'x' })) }, { code: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest' }],
    ['the same id twice', 'DeleteMessageBatch', { Entries: [{ Id: 'a', ReceiptHandle: 'x' }, { Id: 'a', ReceiptHandle: 'x' }] }, { code: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct' }],
    ['an id with a blank', 'DeleteMessageBatch', { Entries: [{ Id: 'a b', ReceiptHandle: 'x' }] }, { code: 'AWS.SimpleQueueService.InvalidBatchEntryId' }],
    ['a batch too large', 'SendMessageBatch', { Entries: [{ Id: 'a', MessageBody: 'x'.repeat(600_000) }, { Id: 'b', MessageBody: 'x'.repeat(600_000) }] }, { code: 'AWS.SimpleQueueService.BatchRequestTooLong' }],
    ['a handle of another queue', 'DeleteMessage', { ReceiptHandle: 'abc' }, { code: 'ReceiptHandleIsInvalid' }],
    ['too long a wait', 'ReceiveMessage', { WaitTimeSeconds: 21 }, { code: 'InvalidParameterValue' }],
    ['no messages at all', 'ReceiveMessage', { MaxNumberOfMessages: 0 }, { code: 'InvalidParameterValue' }],
    ['an attribute of nobody', 'GetQueueAttributes', { AttributeNames: ['Colour'] }, { code: 'InvalidAttributeName' }],
    ['a key of KMS', 'SetQueueAttributes', { Attributes: { KmsMasterKeyId: 'alias/aws/sqs' } }, { code: 'NotImplemented' }],
    ['a policy that is none', 'SetQueueAttributes', { Attributes: { Policy: '{"Statement":1}' } }, { code: 'InvalidAttributeValue' }],
    ['a policy about S3', 'SetQueueAttributes', { Attributes: { Policy: '{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}' } }, { code: 'InvalidAttributeValue' }],
    ['a permission that is not to be given', 'AddPermission', { Label: 'l', AWSAccountIds: [OTHER], Actions: ['DeleteQueue'] }, { code: 'InvalidParameterValue' }],
    ['a token of nobody', 'ListQueues', { NextToken: 'x' }, { code: 'InvalidParameterValue' }],
  ])('%s is refused', async (_name, operation, input, error) => {
    await expect(messaging.queues(operation, { QueueUrl: url, ...input } as never)).rejects.toMatchObject(error)
  })

  test('queues are listed page by page, in the order of their names', async () => {
    for (const name of ['b', 'a', 'c', 'B']) await messaging.makeQueue(name)
    const names: string[] = []
    let NextToken: string | undefined
    do {
      const page = await messaging.queues('ListQueues', { MaxResults: 2, NextToken })
      names.push(...(page?.QueueUrls ?? []).map((one) => one.split('/').at(-1) as string))
      NextToken = page?.NextToken
    } while (NextToken !== undefined)
    expect(names).toEqual(['B', 'a', 'b', 'c', 'jobs'])
  })
})
