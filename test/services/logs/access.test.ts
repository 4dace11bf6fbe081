import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '../../../src/access/principal.ts'
import type { Logger } from '../../../src/telemetry/log.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { testStores } from '../../support/databases.ts'
import { allow, deny } from '../../support/identities.ts'
import { startLogs, type TestLogs } from '../../support/logs-service.ts'
import { ACCOUNT, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

const GROUP = '/aws/lambda/f'
const ARN = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${GROUP}`
const WRITE = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']

describe.each(testStores)('who may write and read logs, on $dialect', ({ create }) => {
  let logs: TestLogs
  let warnings: { readonly fields: Record<string, unknown>; readonly message: string }[]
  beforeEach(async () => {
    warnings = []
    const log = {
      ...silentLogger,
      warn: (fields: Record<string, unknown>, message: string) => warnings.push({ fields, message }),
    } as unknown as Logger
    logs = await startLogs(await create(), undefined, log)
  })
  afterEach(() => logs.stop())

  const append = (principal: Principal, message: string, account = ACCOUNT) =>
    logs.facade.append(principal, { account, region: 'us-east-1', group: GROUP, stream: 's' }, [
      { timestamp: logs.now, message },
    ])
  const stored = async () => {
    const rows = await logs.database.query.selectFrom('logs_events').select('message').orderBy('message').execute()
    return rows.map(({ message }) => message)
  }
  const groups = async () => (await logs.call('DescribeLogGroups', {})).logGroups?.map((one) => one.logGroupName)

  test('a role that may, writes; group and stream come into being', async () => {
    const role = await logs.identities.role(ACCOUNT, 'r', allow(WRITE, { Resource: `${ARN}:*` }))
    await append(role, 'one')
    await append(role, 'two')
    expect(await stored()).toEqual(['one', 'two'])
    expect(warnings).toEqual([])
  })

  test.each<[string, readonly object[]]>([
    ['nothing', []],
    ['everything but the events', [allow(WRITE.slice(0, 2))]],
    ['another group', [allow(WRITE, { Resource: `${ARN}x:*` })]],
    ['what is denied as well', [allow(), deny('logs:PutLogEvents')]],
  ])('a role that may do %s stores nothing, and is told of once', async (_what, own) => {
    const role = await logs.identities.role(ACCOUNT, 'r', ...own)
    for (const line of ['one', 'two', 'three']) await append(role, line)
    expect(await stored()).toEqual([])
    expect(await groups()).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      fields: { group: GROUP, role: role.roleArn, reason: expect.stringContaining('logs:PutLogEvents') },
      message: `what is printed cannot be stored: let the role do logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents on ${ARN}:*`,
    })
  })

  test('each step is asked for when it is needed', async () => {
    const role = await logs.identities.role(ACCOUNT, 'r', allow(WRITE[2]))
    await append(role, 'no group')
    await logs.identities.give(role, allow([WRITE[2], WRITE[0]] as string[]))
    await append(role, 'no stream')
    expect([await groups(), await stored()]).toEqual([[GROUP], []])
    expect(warnings.map(({ fields }) => String(fields.reason).match(/perform: (\S+)/)?.[1])).toEqual([WRITE[0]])
    await logs.identities.give(role, allow([WRITE[2], WRITE[1]] as string[]))
    await append(role, 'kept')
    await logs.identities.give(role, allow(WRITE[2]))
    await append(role, 'kept too')
    expect(await stored()).toEqual(['kept', 'kept too'])
  })

  test('a right that is taken away and given back acts at once', async () => {
    const role = await logs.identities.role(ACCOUNT, 'r', allow(WRITE))
    await append(role, 'a')
    await logs.identities.give(role)
    await append(role, 'b')
    await logs.identities.give(role, allow(WRITE))
    await append(role, 'c')
    await logs.identities.give(role)
    await append(role, 'd')
    expect(await stored()).toEqual(['a', 'c'])
    expect(warnings).toHaveLength(2)
  })

  test('a role of another account stores nothing, whatever its own policies say', async () => {
    await append(await logs.identities.role(OTHER_ACCOUNT, 'r', allow()), 'a')
    expect([await groups(), await stored()]).toEqual([[], []])
    expect(warnings[0]?.fields.reason).toMatch('because no resource-based policy allows')
  })

  test('when storage is away that is no denial', async () => {
    const role = await logs.identities.role(ACCOUNT, 'r', allow(WRITE))
    await logs.database.close()
    await expect(append(role, 'a')).rejects.toThrow()
    expect(warnings).toEqual([])
  })

  test.each<[string, object, boolean]>([
    ['its group', { Resource: `${ARN}:log-stream:s` }, true],
    ['another stream', { Resource: `${ARN}:log-stream:t` }, false],
    ['groups of a tag', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'ml' } } }, true],
    ['groups of another tag', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'bi' } } }, false],
  ])('reading is let for %s', async (_what, more, allowed) => {
    await logs.write(GROUP, 's', 'a')
    await logs.call('TagLogGroup', { logGroupName: GROUP, tags: { team: 'ml' } })
    const principal = await logs.identities.role(ACCOUNT, 'r', allow('logs:GetLogEvents', more))
    const read = logs.call('GetLogEvents', { logGroupName: GROUP, logStreamName: 's' }, { principal })
    if (allowed) expect((await read).events).toHaveLength(1)
    else {
      expect(await refused(read)).toMatchObject({
        code: 'AccessDeniedException',
        message: `User: ${principal.arn} is not authorized to perform: logs:GetLogEvents on resource: ${ARN}:log-stream:s because no identity-based policy allows the logs:GetLogEvents action`,
      })
    }
  })

  test('a group with tags takes leave to tag it', async () => {
    const principal = await logs.identities.role(ACCOUNT, 'r', allow('logs:CreateLogGroup'))
    const make = logs.call('CreateLogGroup', { logGroupName: '/g', tags: { team: 'ml' } }, { principal })
    expect(await refused(make)).toMatchObject({ message: expect.stringContaining('logs:TagResource') })
    await logs.call('CreateLogGroup', { logGroupName: '/g' }, { principal })
  })
})
