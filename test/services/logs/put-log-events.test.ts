import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { startLogs, type TestLogs } from '../../support/logs-service.ts'
import { refused } from '../../support/s3-service.ts'

const HOUR = 60 * 60 * 1000

describe.each(testStores)('PutLogEvents and streams on $dialect', ({ create }) => {
  let logs: TestLogs
  beforeEach(async () => {
    logs = await startLogs(await create())
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    await logs.call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' })
  })
  afterEach(() => logs.stop())

  const put = (...logEvents: { timestamp: number; message: string }[]) =>
    logs.call('PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents })

  test('stores a batch and describes its stream', async () => {
    expect(await put({ timestamp: logs.now - 5, message: 'a' }, { timestamp: logs.now, message: 'b' })).toEqual({
      nextSequenceToken: expect.stringMatching(/^\d{56}$/),
    })
    expect(await logs.call('DescribeLogStreams', { logGroupName: 'g' })).toEqual({
      logStreams: [
        {
          logStreamName: 's',
          creationTime: logs.now,
          firstEventTimestamp: logs.now - 5,
          lastEventTimestamp: logs.now,
          lastIngestionTime: logs.now,
          arn: 'arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s',
          storedBytes: 0,
        },
      ],
    })
  })

  test('needs a group and a stream', async () => {
    const event = { timestamp: logs.now, message: 'm' }
    expect(
      await refused(logs.call('PutLogEvents', { logGroupName: 'x', logStreamName: 's', logEvents: [event] })),
    ).toMatchObject({ message: 'The specified log group does not exist.' })
    expect(
      await refused(logs.call('PutLogEvents', { logGroupName: 'g', logStreamName: 'x', logEvents: [event] })),
    ).toMatchObject({ message: 'The specified log stream does not exist.' })
  })

  test('refuses batches out of order, too large, or over more than a day', async () => {
    const { now } = logs
    expect(await refused(put({ timestamp: now, message: 'a' }, { timestamp: now - 1, message: 'b' }))).toMatchObject({
      code: 'InvalidParameterException',
      message: 'Log events in a single PutLogEvents request must be in chronological order.',
    })
    const big = Array.from({ length: 5 }, () => ({ timestamp: now, message: 'x'.repeat(210_000) }))
    expect(await refused(put(...big))).toMatchObject({
      message: 'Upload too large: 1050130 bytes exceeds limit of 1048576',
    })
    expect(
      await refused(put({ timestamp: now - 25 * HOUR, message: 'a' }, { timestamp: now, message: 'b' })),
    ).toMatchObject({ message: expect.stringContaining('cannot span more than 24 hours') })
    expect((await logs.call('GetLogEvents', { logGroupName: 'g', logStreamName: 's' })).events).toEqual([])
  })

  test('leaves out and reports events that are too old, expired, or too far ahead', async () => {
    const { now } = logs
    expect(await put({ timestamp: now, message: 'a' }, { timestamp: now + 3 * HOUR, message: 'future' })).toMatchObject(
      { rejectedLogEventsInfo: { tooNewLogEventStartIndex: 1 } },
    )
    expect(await put({ timestamp: now - 15 * 24 * HOUR, message: 'past' })).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 },
    })
    await logs.call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 1 })
    expect(
      await put({ timestamp: now - 24.5 * HOUR, message: 'expired' }, { timestamp: now - HOUR, message: 'b' }),
    ).toMatchObject({ rejectedLogEventsInfo: { expiredLogEventEndIndex: 1 } })
    const { events } = await logs.call('GetLogEvents', { logGroupName: 'g', logStreamName: 's' })
    expect(events?.map((event) => event.message)).toEqual(['b', 'a'])
  })

  test('streams are created once and listed by name and by their last event, in pages', async () => {
    expect(await refused(logs.call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' }))).toMatchObject({
      code: 'ResourceAlreadyExistsException',
      message: 'The specified log stream already exists',
    })
    for (const [index, stream] of ['c', 'a', 'b'].entries()) {
      logs.now += index
      await logs.write('g', stream, 'm')
    }
    const list = async (input: object) => {
      const names: (string | undefined)[] = []
      let nextToken: string | undefined
      do {
        const page = await logs.call('DescribeLogStreams', {
          logGroupName: 'g',
          limit: 1,
          ...input,
          ...(nextToken && { nextToken }),
        })
        names.push(...(page.logStreams ?? []).map((stream) => stream.logStreamName))
        nextToken = page.nextToken
      } while (nextToken !== undefined)
      return names
    }
    expect(await list({})).toEqual(['a', 'b', 'c', 's'])
    expect(await list({ descending: true })).toEqual(['s', 'c', 'b', 'a'])
    expect(await list({ orderBy: 'LastEventTime' })).toEqual(['s', 'c', 'a', 'b'])
    expect(await list({ orderBy: 'LastEventTime', descending: true })).toEqual(['b', 'a', 'c', 's'])
    expect(await list({ logStreamNamePrefix: 'b' })).toEqual(['b'])
    expect(await refused(list({ orderBy: 'LastEventTime', logStreamNamePrefix: 'b' }))).toMatchObject({
      message: 'Cannot order by LastEventTime with a logStreamNamePrefix.',
    })
  })
})
