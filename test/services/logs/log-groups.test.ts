import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startLogs, type TestLogs } from '../../support/logs-service.ts'
import { accountRoot, refused } from '../../support/s3-service.ts'

const MISSING = { code: 'ResourceNotFoundException', message: 'The specified log group does not exist.' }

describe.each(testStores)('log groups on $dialect', ({ create }) => {
  let logs: TestLogs
  beforeEach(async () => {
    logs = await startLogs(await create())
  })
  afterEach(() => logs.stop())

  test('are created once, described with their ARNs, and deleted', async () => {
    await logs.call('CreateLogGroup', { logGroupName: '/a/b', tags: { team: 'ml' } })
    expect(await refused(logs.call('CreateLogGroup', { logGroupName: '/a/b' }))).toMatchObject({
      code: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    })
    expect(await logs.call('DescribeLogGroups', {})).toEqual({
      logGroups: [
        {
          logGroupName: '/a/b',
          creationTime: logs.now,
          metricFilterCount: 0,
          arn: 'arn:aws:logs:us-east-1:123456789012:log-group:/a/b:*',
          logGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:/a/b',
          storedBytes: 0,
          logGroupClass: 'STANDARD',
        },
      ],
    })
    await logs.call('DeleteLogGroup', { logGroupName: '/a/b' })
    expect(await refused(logs.call('DeleteLogGroup', { logGroupName: '/a/b' }))).toMatchObject(MISSING)
  })

  test('belong to an account and a region', async () => {
    const account = '210987654321'
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    expect((await logs.call('DescribeLogGroups', {}, { region: 'eu-west-1' })).logGroups).toEqual([])
    expect(
      await refused(logs.call('DeleteLogGroup', { logGroupName: 'g' }, { account, principal: accountRoot(account) })),
    ).toMatchObject(MISSING)
  })

  test('are listed in pages by name, by prefix and by a part of the name, case-sensitively', async () => {
    for (const name of ['app/1', 'app/2', 'app/3', 'App/4', 'x_y', 'xzy']) {
      await logs.call('CreateLogGroup', { logGroupName: name })
    }
    const names: (string | undefined)[] = []
    let nextToken: string | undefined
    do {
      const page = await logs.call('DescribeLogGroups', { limit: 2, ...(nextToken && { nextToken }) })
      expect(page.logGroups?.length).toBe(2)
      names.push(...(page.logGroups ?? []).map((group) => group.logGroupName))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(names.toSorted()).toEqual(['App/4', 'app/1', 'app/2', 'app/3', 'x_y', 'xzy'])
    const matching = async (input: object) =>
      (await logs.call('DescribeLogGroups', input)).logGroups?.map((group) => group.logGroupName)
    expect(await matching({ logGroupNamePrefix: 'app/' })).toEqual(['app/1', 'app/2', 'app/3'])
    expect(await matching({ logGroupNamePattern: 'x_' })).toEqual(['x_y'])
    expect(await matching({ logGroupNamePattern: 'pp/', limit: 1 })).toHaveLength(1)
    expect(
      await refused(logs.call('DescribeLogGroups', { logGroupNamePrefix: 'a', logGroupNamePattern: 'b' })),
    ).toMatchObject({ code: 'InvalidParameterException' })
    expect(await refused(logs.call('DescribeLogGroups', { nextToken: 'nonsense' }))).toMatchObject({
      code: 'InvalidParameterException',
      message: 'The specified nextToken is invalid.',
    })
  })

  test('have a retention period of the allowed ones, and lose older events by it', async () => {
    await logs.write('g', 's', 'old')
    expect(await refused(logs.call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 2 }))).toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining("Value '2'"),
    })
    expect(await refused(logs.call('PutRetentionPolicy', { logGroupName: 'none', retentionInDays: 1 }))).toMatchObject(
      MISSING,
    )
    await logs.call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 1 })
    expect((await logs.call('DescribeLogGroups', {})).logGroups).toMatchObject([{ retentionInDays: 1 }])

    logs.now += 24 * 60 * 60 * 1000
    await logs.write('g', 's', 'new')
    const messages = async () =>
      (await logs.call('FilterLogEvents', { logGroupName: 'g' })).events?.map((event) => event.message)
    expect(await messages()).toEqual(['new'])
    // Expired events only vanish from sight until the sweep has been.
    await logs.call('DeleteRetentionPolicy', { logGroupName: 'g' })
    expect(await messages()).toEqual(['old', 'new'])
    await logs.call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 1 })
    await logs.maintain()
    await eventually(async () => {
      expect(await logs.database.query.selectFrom('logs_events').select('message').execute()).toEqual([
        { message: 'new' },
      ])
    })
    expect((await logs.call('DescribeLogStreams', { logGroupName: 'g' })).logStreams).toMatchObject([
      { firstEventTimestamp: logs.now - 1000, lastEventTimestamp: logs.now - 1000 },
    ])
    expect((await logs.call('DescribeLogGroups', {})).logGroups).toMatchObject([{ storedBytes: 3 + 26 }])
  })

  test('that are deleted take their events with them, and a new one of the name is empty', async () => {
    await logs.write('g', 's', 'secret of the old group')
    await logs.call('DeleteLogGroup', { logGroupName: 'g' })
    await logs.write('g', 's', 'new')
    const { events } = await logs.call('FilterLogEvents', { logGroupName: 'g' })
    expect(events?.map((event) => event.message)).toEqual(['new'])
    await logs.maintain()
    await eventually(async () => {
      expect(await logs.database.query.selectFrom('logs_events').select('message').execute()).toEqual([
        { message: 'new' },
      ])
    })
  })

  test('carry tags under both forms of the API, 50 at most', async () => {
    await logs.call('CreateLogGroup', { logGroupName: 'g', tags: { a: '1' } })
    const resourceArn = 'arn:aws:logs:us-east-1:123456789012:log-group:g'
    await logs.call('TagResource', { resourceArn, tags: { b: '2', a: '3' } })
    await logs.call('TagLogGroup', { logGroupName: 'g', tags: { c: '4' } })
    await logs.call('UntagResource', { resourceArn: `${resourceArn}:*`, tagKeys: ['b', 'unknown'] })
    const tags = { a: '3', c: '4' }
    expect(await logs.call('ListTagsForResource', { resourceArn })).toEqual({ tags })
    expect(await logs.call('ListTagsLogGroup', { logGroupName: 'g' })).toEqual({ tags })
    const many = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`k${index}`, '']))
    expect(await refused(logs.call('TagResource', { resourceArn, tags: many }))).toMatchObject({
      code: 'TooManyTagsException',
      members: { resourceName: resourceArn },
    })
    expect(await refused(logs.call('ListTagsForResource', { resourceArn: 'arn:aws:s3:::b' }))).toMatchObject({
      code: 'InvalidParameterException',
    })
  })

  test('take no tags that are AWS’s own', async () => {
    const tags = { 'AWS:x': 'y' }
    const reserved = { code: 'InvalidParameterException', message: expect.stringContaining('"AWS:x"') }
    expect(await refused(logs.call('CreateLogGroup', { logGroupName: 'g', tags }))).toMatchObject(reserved)
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    expect(await refused(logs.call('TagLogGroup', { logGroupName: 'g', tags }))).toMatchObject(reserved)
  })

  test('take no more than 50 tags from callers at the same moment either', async () => {
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, caller) => {
        const tags = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${caller}-${index}`, 'v']))
        return logs.call('TagLogGroup', { logGroupName: 'g', tags })
      }),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(5)
    const { tags } = await logs.call('ListTagsLogGroup', { logGroupName: 'g' })
    expect(Object.keys(tags ?? {})).toHaveLength(50)
  })

  test.each(['[1.5]', '[1e999]', '["a",1.5]', '[1.5,"a"]', '[1e999,"a"]', '[null]', '{}', 'x'])(
    'are not listed with the token %s',
    async (text) => {
      await logs.call('CreateLogGroup', { logGroupName: 'g' })
      const nextToken = Buffer.from(text).toString('base64url')
      const bad = { code: 'InvalidParameterException', message: 'The specified nextToken is invalid.' }
      const streams = { logGroupName: 'g', orderBy: 'LastEventTime', nextToken } as const
      for (const list of [
        () => logs.call('DescribeLogGroups', { nextToken }),
        () => logs.call('DescribeLogStreams', streams),
        () => logs.call('FilterLogEvents', { logGroupName: 'g', nextToken }),
      ]) {
        expect(await refused(list())).toMatchObject(bad)
      }
    },
  )

  test('find streams by names that hold NUL', async () => {
    await logs.call('CreateLogGroup', { logGroupName: 'g' })
    await logs.call('CreateLogStream', { logGroupName: 'g', logStreamName: 'a\0b' })
    const again = logs.call('CreateLogStream', { logGroupName: 'g', logStreamName: 'a\0b' })
    expect(await refused(again)).toMatchObject({ code: 'ResourceAlreadyExistsException' })
    await logs.call('DeleteLogStream', { logGroupName: 'g', logStreamName: 'a\0b' })
  })

  test('refuse by name what is not implemented', async () => {
    for (const member of [
      { kmsKeyId: 'k' },
      { deletionProtectionEnabled: true },
      { logGroupClass: 'DELIVERY' as const },
    ]) {
      expect(await refused(logs.call('CreateLogGroup', { logGroupName: 'g', ...member }))).toMatchObject({
        status: 501,
      })
    }
    expect((await logs.call('DescribeLogGroups', {})).logGroups).toEqual([])
  })
})
