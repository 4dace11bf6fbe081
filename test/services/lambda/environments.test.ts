import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startLambdaService, type TestLambda } from '../../support/lambda-service.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'
import { zipOf } from '../../support/zip.ts'

const never = new AbortController().signal
const SLEEP = {
  'index.js': 'exports.handler = async (ms) => { await new Promise((r) => setTimeout(r, ms)); return process.pid }',
}

describe('execution environments', () => {
  let lambda: TestLambda
  beforeEach(async () => {
    lambda = await startLambdaService({
      limits: { environments: 3, environmentsPerFunction: 2, idleMilliseconds: 60_000, retryDelays: [10, 10] },
    })
  })
  afterEach(() => lambda.stop())
  const pidOf = async (name: string, ms = 0) => (await lambda.invoke(name, ms)).answer as number

  test('are used again when idle, and made when all are busy, up to the bound', async () => {
    await lambda.create('f', SLEEP)
    const [one, two] = await Promise.all([pidOf('f', 300), pidOf('f', 300)])
    expect(one).not.toBe(two)
    expect([one, two]).toContain(await pidOf('f'))
    const busy = [pidOf('f', 500), pidOf('f', 500)]
    expect(await refused(lambda.invoke('f', 0))).toMatchObject({
      code: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
      members: { Reason: 'ConcurrentInvocationLimitExceeded' },
    })
    expect((await Promise.all(busy)).toSorted()).toEqual([one, two].toSorted())
  })

  test('of other functions go when there is no room, the longest idle first', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await lambda.create(name, SLEEP)
    const first = await pidOf('a')
    await pidOf('b')
    await pidOf('c')
    await pidOf('d')
    await eventually(() => expect(() => process.kill(first, 0)).toThrow('ESRCH'))
    expect(await pidOf('a')).not.toBe(first)
  })

  test('of old code or settings are not used again; what they are doing they finish', async () => {
    await lambda.create('f', SLEEP)
    const old = await pidOf('f')
    const running = pidOf('f', 400)
    await lambda.call('UpdateFunctionCode', {
      FunctionName: 'f',
      ZipFile: zipOf({ name: 'index.js', content: 'exports.handler = async () => process.env.WORD ?? "new"' }),
    })
    expect((await lambda.invoke('f')).answer).toBe('new')
    expect(await running).toBe(old)
    await eventually(() => expect(() => process.kill(old, 0)).toThrow('ESRCH'))
    await lambda.call('UpdateFunctionConfiguration', { FunctionName: 'f', Environment: { Variables: { WORD: 'set' } } })
    expect((await lambda.invoke('f')).answer).toBe('set')
  })

  test('end after some time without an event', async () => {
    await lambda.stop()
    lambda = await startLambdaService({ limits: { idleMilliseconds: 100 } })
    await lambda.create('f', SLEEP)
    const pid = await pidOf('f')
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))
  })

  test('that die idle are replaced without the caller noticing', async () => {
    await lambda.create('f', SLEEP)
    for (let round = 0; round < 5; round += 1) {
      const pid = await pidOf('f')
      process.kill(pid, 'SIGKILL')
      await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 5000, 1)
      expect(await lambda.invoke('f', 0)).toMatchObject({ error: undefined, answer: expect.any(Number) })
    }
  })

  test('answer other services, for functions of the own account', async () => {
    await lambda.create('f', {
      'index.js':
        'exports.handler = async (e) => { if (e.bad) throw new Error("no"); return { Credentials: { Username: "u", Password: "p" } } }',
    })
    const arn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`
    const invoke = (target: string, payload = '{}', signal = never) =>
      lambda.facade.invoke(accountRoot(ACCOUNT), target, Buffer.from(payload), signal)
    const { payload, functionError } = await invoke(arn)
    expect(functionError).toBeUndefined()
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ Credentials: { Username: 'u', Password: 'p' } })
    expect((await invoke(`${arn}:$LATEST`)).functionError).toBeUndefined()
    expect((await invoke(arn, '{"bad":1}')).functionError).toBe('Unhandled')
    expect(await refused(invoke(`${arn}:3`))).toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Function not found: ${arn}:3`,
    })
    expect(await refused(invoke(`${arn}2`))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 })
    expect(await refused(invoke(arn.replace('us-east-1', 'eu-west-1')))).toMatchObject({
      code: 'ResourceNotFoundException',
    })
    expect(await refused(invoke(arn.replace(ACCOUNT, OTHER_ACCOUNT)))).toMatchObject({
      code: 'AccessDeniedException',
      status: 403,
      message: expect.stringContaining(
        `User: arn:aws:iam::${ACCOUNT}:root is not authorized to perform: lambda:InvokeFunction`,
      ),
    })
    expect(await refused(invoke('arn:aws:s3:::bucket'))).toMatchObject({ code: 'InvalidParameterValueException' })
    expect(await refused(invoke(arn, 'no json'))).toMatchObject({ code: 'InvalidRequestContentException' })
  })

  test('go on when the caller stops waiting', async () => {
    await lambda.create('f', SLEEP)
    const pid = await pidOf('f')
    const controller = new AbortController()
    const waiting = lambda.facade.invoke(
      accountRoot(ACCOUNT),
      `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`,
      Buffer.from('200'),
      controller.signal,
    )
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await eventually(async () =>
      expect((await lambda.logOf('f')).filter((line) => line.startsWith('REPORT'))).toHaveLength(2),
    )
    expect(await pidOf('f')).toBe(pid)
  })

  test('handle accepted events in the background, a failing one three times', async () => {
    await lambda.create('f', {
      'index.mjs':
        'export const handler = async (e, c) => { console.log("at", e.n, c.awsRequestId); if (e.n === 2) throw new Error("no") }',
    })
    const accept = (n: number) =>
      lambda.call('Invoke', { FunctionName: 'f', InvocationType: 'Event', Payload: Buffer.from(`{"n":${n}}`) })
    expect(await accept(1)).toEqual({ StatusCode: 202 })
    await accept(2)
    await eventually(async () => {
      const lines = await lambda.logOf('f')
      expect(lines.filter((line) => line.includes('INFO\tat 1'))).toHaveLength(1)
      expect(lines.filter((line) => line.includes('INFO\tat 2'))).toHaveLength(3)
      expect(await lambda.database.query.selectFrom('lambda_async_invocations').selectAll().execute()).toEqual([])
    })
    const ids = (await lambda.logOf('f')).flatMap((line) => /at 2 (\S+)/.exec(line)?.[1] ?? [])
    expect(new Set(ids).size).toBe(1)
  })

  test('wait for room with accepted events', async () => {
    await lambda.create('f', {
      'index.mjs':
        'export const handler = async () => { await new Promise((r) => setTimeout(r, 300)); console.log("did") }',
    })
    for (let n = 0; n < 4; n += 1) await lambda.call('Invoke', { FunctionName: 'f', InvocationType: 'Event' })
    await eventually(async () =>
      expect((await lambda.logOf('f')).filter((line) => line.endsWith('did'))).toHaveLength(4),
    )
  })
})
