import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startLogs, type TestLogs } from '../../support/logs-service.ts'
import { ACCOUNT, accountRoot, refused } from '../../support/s3-service.ts'

describe.each(testStores)('log events on $dialect', ({ create }) => {
  let logs: TestLogs
  beforeEach(async () => {
    logs = await startLogs(await create())
  })
  afterEach(() => logs.stop())

  const get = async (input: object) => {
    const page = await logs.call('GetLogEvents', { logGroupName: 'g', logStreamName: 's', ...input })
    return { ...page, messages: page.events?.map((event) => event.message) }
  }
  const filter = async (input: object = {}) =>
    (await logs.call('FilterLogEvents', { logGroupName: 'g', ...input })).events?.map((event) => event.message)
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`)

  test('are read from either end, and the tokens stay the same at an end', async () => {
    await logs.write('g', 's', ...numbers(5))
    const first = await get({ startFromHead: true, limit: 2 })
    expect(first.messages).toEqual(['m0', 'm1'])
    expect(first.nextForwardToken).toMatch(/^f\/\d{56}\/s$/)
    expect(first.nextBackwardToken).toMatch(/^b\/\d{56}\/s$/)
    const second = await get({ nextToken: first.nextForwardToken, limit: 2 })
    expect(second.messages).toEqual(['m2', 'm3'])
    const third = await get({ nextToken: second.nextForwardToken, limit: 2 })
    expect(third.messages).toEqual(['m4'])
    const end = await get({ nextToken: third.nextForwardToken, limit: 2 })
    expect(end).toMatchObject({ messages: [], nextForwardToken: third.nextForwardToken })
    // Back from the end: the event that the token names comes first.
    expect((await get({ nextToken: end.nextBackwardToken, limit: 2 })).messages).toEqual(['m3', 'm4'])
    expect((await get({ nextToken: second.nextBackwardToken, limit: 9 })).messages).toEqual(['m0', 'm1'])
    const before = await get({ nextToken: first.nextBackwardToken })
    expect(before).toMatchObject({ messages: [], nextBackwardToken: first.nextBackwardToken })
    expect((await get({ nextToken: before.nextForwardToken, limit: 1 })).messages).toEqual(['m0'])

    expect((await get({ limit: 2 })).messages).toEqual(['m3', 'm4'])
    // What is written later is found with the token of the end.
    logs.now += 1000
    await logs.write('g', 's', 'later')
    expect((await get({ nextToken: end.nextForwardToken })).messages).toEqual(['later'])
    expect(await refused(get({ nextToken: 'f/1/s' }))).toMatchObject({ code: 'InvalidParameterException' })
  })

  test('are read from an empty stream, and found with its token once they come', async () => {
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    await logs.call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' })
    const empty = await get({})
    expect(empty.messages).toEqual([])
    await logs.write('g', 's', 'a')
    expect((await get({ nextToken: empty.nextForwardToken })).messages).toEqual(['a'])
  })

  test('are read by time: the start counts, the end does not', async () => {
    await logs.write('g', 's', ...numbers(4))
    const at = (index: number) => logs.now - 1000 + index
    expect((await get({ startTime: at(1), endTime: at(3) })).messages).toEqual(['m1', 'm2'])
    expect(await filter({ startTime: at(1), endTime: at(3) })).toEqual(['m1', 'm2', 'm3'])
  })

  test('of one moment keep the order they were appended in', async () => {
    const events = numbers(700).map((message) => ({ timestamp: logs.now, message }))
    const target = { account: '123456789012', region: 'us-east-1', group: 'g', stream: 's' }
    await logs.facade.append(accountRoot(ACCOUNT), target, events.slice(0, 300))
    await logs.facade.append(accountRoot(ACCOUNT), target, events.slice(300))
    expect((await get({ startFromHead: true })).messages).toEqual(numbers(700))
    expect(await filter()).toEqual(numbers(700))
  })

  test('cost one commit an append', async () => {
    await logs.write('g', 's', 'first')
    const before = logs.database.commitCount()
    await logs.write('g', 's', ...numbers(600))
    expect(logs.database.commitCount() - before).toBe(1)
  })

  test('are answered about a megabyte at a time', async () => {
    await logs.write('g', 's', ...numbers(9).map((name) => name + 'x'.repeat(200_000)))
    const page = await get({ startFromHead: true })
    expect(page.messages).toHaveLength(5)
    expect((await get({ nextToken: page.nextForwardToken })).messages).toHaveLength(4)
    const filtered = await logs.call('FilterLogEvents', { logGroupName: 'g' })
    expect(filtered.events).toHaveLength(5)
    expect(
      (await logs.call('FilterLogEvents', { logGroupName: 'g', nextToken: filtered.nextToken })).events,
    ).toHaveLength(4)
  })

  test('that are too long are stored in pieces that end between characters; NUL is replaced', async () => {
    const long = '€'.repeat(200_000)
    await logs.write('g', 's', long, 'a\0b')
    const { messages = [] } = await get({ startFromHead: true })
    expect(messages.length).toBe(4)
    expect(messages.slice(0, 3).join('')).toBe(long)
    expect(messages[3]).toBe('a\uFFFDb')
  })

  test('are filtered over the streams of a group, interleaved, in pages', async () => {
    await logs.write('g', 'app/1', 'INFO one', 'ERROR two')
    logs.now += 1
    await logs.write('g', 'app/2', 'ERROR three', 'INFO "four"')
    await logs.write('g', 'other', 'ERROR five')
    await logs.write('g2', 'app/1', 'ERROR elsewhere')
    expect(await filter({ filterPattern: 'ERROR', logStreamNamePrefix: 'app/' })).toEqual(['ERROR two', 'ERROR three'])
    expect(await filter({ filterPattern: 'ERROR', logStreamNames: ['other'] })).toEqual(['ERROR five'])
    expect(await refused(filter({ logStreamNames: ['none'] }))).toMatchObject({
      message: 'The specified log stream does not exist.',
    })
    expect(await refused(filter({ filterPattern: '{ $.a = 1 }' }))).toMatchObject({ status: 501 })

    const found: string[] = []
    const ids = new Set<string>()
    let nextToken: string | undefined
    do {
      const page = await logs.call('FilterLogEvents', { logGroupName: 'g', limit: 2, ...(nextToken && { nextToken }) })
      for (const event of page.events ?? []) {
        found.push(`${event.logStreamName} ${event.message}`)
        ids.add(event.eventId ?? '')
      }
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(found.toSorted()).toEqual([
      'app/1 ERROR two',
      'app/1 INFO one',
      'app/2 ERROR three',
      'app/2 INFO "four"',
      'other ERROR five',
    ])
    expect(ids.size).toBe(5)
  })

  test('of a deleted stream are not seen', async () => {
    await logs.write('g', 'a', 'one')
    await logs.write('g', 'b', 'two')
    await logs.call('DeleteLogStream', { logGroupName: 'g', logStreamName: 'a' })
    expect(await filter()).toEqual(['two'])
    expect(await refused(logs.call('GetLogEvents', { logGroupName: 'g', logStreamName: 'a' }))).toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'The specified log stream does not exist.',
    })
    // A writer that knew the stream makes it again.
    await logs.write('g', 'a', 'three')
    expect((await filter())?.toSorted()).toEqual(['three', 'two'])
  })

  test('beyond the bounds of a stream and of a group push the oldest out', async () => {
    await logs.stop()
    logs = await startLogs(await create(), { streamBytes: 20_000, groupBytes: 50_000 })
    const lines = numbers(300).map((name) => name.padEnd(74))
    for (let at = 0; at < lines.length; at += 50) await logs.write('g', 's', ...lines.slice(at, at + 50))
    const stored = await logs.database.query.selectFrom('logs_events').select('bytes').execute()
    const { stored_bytes: counted } = await logs.database.query
      .selectFrom('logs_streams')
      .select('stored_bytes')
      .executeTakeFirstOrThrow()
    expect(stored.reduce((sum, row) => sum + row.bytes, 0)).toBe(counted)
    expect(counted).toBeLessThanOrEqual(20_000)
    expect(counted).toBeGreaterThan(10_000)
    expect((await get({ limit: 1 })).messages).toEqual([lines.at(-1)])

    for (const stream of ['a', 'b', 'c', 'd']) {
      logs.now += 1000
      await logs.write('g', stream, ...lines.slice(0, 150))
    }
    await logs.maintain()
    await eventually(async () => {
      const [group] = (await logs.call('DescribeLogGroups', {})).logGroups ?? []
      expect(group?.storedBytes).toBeLessThanOrEqual(50_000)
    })
    expect(await filter({ logStreamNames: ['s'] })).toEqual([])
    expect(await filter({ logStreamNames: ['d'] })).toHaveLength(150)
  })
})
