import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  GetLogEventsCommand,
  ResourceNotFoundException as LogsNotFound,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs'
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  EntityAlreadyExistsException,
  GetRoleCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  NoSuchEntityException,
  paginateListRoles,
  waitUntilRoleExists,
} from '@aws-sdk/client-iam'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  paginateListFunctions,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientConfig } from '../support/aws-sdk.ts'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { zipOf } from '../support/zip.ts'

const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'
let slipway: Slipway
let iam: IAMClient
let sts: STSClient
let lambda: LambdaClient
let logs: CloudWatchLogsClient

beforeAll(async () => {
  slipway = await startSlipway()
  const config = clientConfig(slipway)
  iam = new IAMClient(config)
  sts = new STSClient(config)
  lambda = new LambdaClient(config)
  logs = new CloudWatchLogsClient(config)
})
afterAll(async () => {
  for (const client of [iam, sts, lambda, logs]) client?.destroy()
  await slipway?.stop()
})

const trust = (Principal: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] })

describe('IAM and STS with the AWS SDK for JavaScript', () => {
  it('makes a role, attaches a policy, assumes it, and calls as it', async () => {
    const RoleName = 'sdk-role'
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: trust({ AWS: 'arn:aws:iam::123456789012:root' }),
        Description: 'ü <&>',
      }),
    )
    expect(Role).toMatchObject({
      RoleName,
      Arn: 'arn:aws:iam::123456789012:role/sdk-role',
      CreateDate: expect.any(Date),
    })
    expect((await waitUntilRoleExists({ client: iam, maxWaitTime: 10 }, { RoleName })).state).toBe('SUCCESS')
    const got = await iam.send(new GetRoleCommand({ RoleName }))
    expect(got.Role?.Description).toBe('ü <&>')
    expect(JSON.parse(decodeURIComponent(got.Role?.AssumeRolePolicyDocument ?? ''))).toHaveProperty('Statement')
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
    expect(attached.AttachedPolicies).toEqual([{ PolicyName: 'AmazonSageMakerFullAccess', PolicyArn }])

    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'session' }))
    expect(assumed.Credentials?.Expiration?.getTime()).toBeGreaterThan(Date.now())
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = assumed.Credentials ?? {}
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    const asRole = new STSClient({ ...clientConfig(slipway), credentials })
    expect((await asRole.send(new GetCallerIdentityCommand({}))).Arn).toBe(
      'arn:aws:sts::123456789012:assumed-role/sdk-role/session',
    )
    asRole.destroy()
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))
    await iam.send(new DeleteRoleCommand({ RoleName }))
  })

  it('pages, and throws the classes that users catch', async () => {
    await iam.send(new CreateUserCommand({ UserName: 'sdk-user' }))
    await expect(iam.send(new CreateUserCommand({ UserName: 'sdk-user' }))).rejects.toBeInstanceOf(
      EntityAlreadyExistsException,
    )
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'sdk-user' }))
    const user = new STSClient({
      ...clientConfig(slipway),
      credentials: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' },
    })
    expect((await user.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:aws:iam::123456789012:user/sdk-user')
    user.destroy()
    const absent = await iam.send(new GetRoleCommand({ RoleName: 'nobody' })).catch((error) => error)
    expect(absent).toBeInstanceOf(NoSuchEntityException)
    expect([absent.message, absent.$metadata.httpStatusCode]).toEqual([
      'The role with name nobody cannot be found.',
      404,
    ])
    const names: (string | undefined)[] = []
    for await (const page of paginateListRoles({ client: iam, pageSize: 1 }, {}))
      names.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName))
    expect(names).toContain('SageMakerExecutionRole')
  })
})

describe('Lambda with the AWS SDK for JavaScript', () => {
  const code = `export const handler = async (event, context) => {
    if (event.fail) throw new TypeError('on purpose')
    console.log('invoked', context.functionName)
    return { twice: event.number * 2, region: process.env.AWS_REGION, mine: process.env.MINE }
  }`

  it('creates, waits, invokes, updates and deletes', async () => {
    const FunctionName = 'sdk-function'
    const settings = { FunctionName, Runtime: 'nodejs22.x', Role: ROLE, Handler: 'index.handler' } as const
    const create = () =>
      lambda.send(
        new CreateFunctionCommand({ ...settings, Code: { ZipFile: zipOf({ name: 'index.mjs', content: code }) } }),
      )
    expect((await create()).FunctionArn).toBe('arn:aws:lambda:us-east-1:123456789012:function:sdk-function')
    await expect(create()).rejects.toBeInstanceOf(ResourceConflictException)
    const wait = { client: lambda, maxWaitTime: 20, minDelay: 1 }
    expect((await waitUntilFunctionActiveV2(wait, { FunctionName })).state).toBe('SUCCESS')
    const variables = { Variables: { MINE: 'yes' } }
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: variables }))
    expect((await waitUntilFunctionUpdatedV2(wait, { FunctionName })).state).toBe('SUCCESS')

    const answer = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify({ number: 21 }), LogType: 'Tail' }),
    )
    expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toEqual({
      twice: 42,
      region: 'us-east-1',
      mine: 'yes',
    })
    expect([answer.StatusCode, answer.FunctionError, answer.ExecutedVersion]).toEqual([200, undefined, '$LATEST'])
    expect(Buffer.from(answer.LogResult ?? '', 'base64').toString()).toContain('invoked sdk-function')
    const failed = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"fail":true}' }))
    expect(failed.FunctionError).toBe('Unhandled')
    expect(JSON.parse(failed.Payload?.transformToString() ?? '')).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'on purpose',
    })
    const event = await lambda.send(
      new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: '{"number":1}' }),
    )
    expect(event.StatusCode).toBe(202)

    const names: (string | undefined)[] = []
    for await (const page of paginateListFunctions({ client: lambda, pageSize: 1 }, {}))
      names.push(...(page.Functions ?? []).map((entry) => entry.FunctionName))
    expect(names).toEqual([FunctionName])
    await eventually(async () => {
      const lines: (string | undefined)[] = []
      const group = { logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: 'invoked' }
      for await (const page of paginateFilterLogEvents({ client: logs }, group))
        lines.push(...(page.events ?? []).map(({ message }) => message))
      expect(lines).toHaveLength(2)
    })
    await lambda.send(new DeleteFunctionCommand({ FunctionName }))
    const gone = await lambda.send(new InvokeCommand({ FunctionName })).catch((error) => error)
    expect(gone).toBeInstanceOf(ResourceNotFoundException)
    expect([gone.Type, gone.$metadata.httpStatusCode]).toEqual(['User', 404])
  })
})

describe('CloudWatch Logs with the AWS SDK for JavaScript', () => {
  it('writes, reads, filters and pages', async () => {
    const logGroupName = '/sdk/group'
    const stream = { logGroupName, logStreamName: 's' }
    await logs.send(new CreateLogGroupCommand({ logGroupName }))
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toBeInstanceOf(
      ResourceAlreadyExistsException,
    )
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 }))
    await logs.send(new CreateLogStreamCommand(stream))
    const start = Date.now() - 1_000
    const logEvents = Array.from({ length: 25 }, (_, index) => ({ timestamp: start + index, message: `line ${index}` }))
    await logs.send(new PutLogEventsCommand({ ...stream, logEvents }))
    const forward = await logs.send(new GetLogEventsCommand({ ...stream, startFromHead: true, limit: 10 }))
    expect(forward.events?.map(({ message }) => message)).toEqual(logEvents.slice(0, 10).map(({ message }) => message))
    const second = await logs.send(
      new GetLogEventsCommand({ ...stream, startFromHead: true, limit: 10, nextToken: forward.nextForwardToken }),
    )
    expect(second.events?.[0]?.message).toBe('line 10')
    const found: (string | undefined)[] = []
    for await (const page of paginateFilterLogEvents(
      { client: logs, pageSize: 4 },
      { logGroupName, filterPattern: '"line 1"' },
    ))
      found.push(...(page.events ?? []).map(({ message }) => message))
    expect(found).toHaveLength(11)
    const groups: unknown[] = []
    for await (const page of paginateDescribeLogGroups({ client: logs, pageSize: 1 }, { logGroupNamePrefix: '/sdk' }))
      groups.push(...(page.logGroups ?? []).map((group) => [group.logGroupName, group.retentionInDays]))
    expect(groups).toEqual([[logGroupName, 7]])
    await logs.send(new DeleteLogGroupCommand({ logGroupName }))
    await expect(logs.send(new GetLogEventsCommand(stream))).rejects.toBeInstanceOf(LogsNotFound)
  })
})
