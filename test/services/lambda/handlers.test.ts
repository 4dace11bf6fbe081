import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startLambdaService, type TestLambda } from '../../support/lambda-service.ts'

describe('handlers', () => {
  let lambda: TestLambda
  beforeAll(async () => {
    lambda = await startLambdaService()
  })
  afterAll(() => lambda.stop())

  test('in Node.js answer with a promise, a value by callback, or through the context', async () => {
    await lambda.create('promise', { 'index.mjs': 'export const handler = async (event) => ({ got: event })' })
    expect(await lambda.invoke('promise', { a: [1, 'ü'] })).toMatchObject({
      answer: { got: { a: [1, 'ü'] } },
      error: undefined,
    })
    await lambda.create('callback', {
      'index.js':
        'exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.n + 1), 5) }',
    })
    expect(await lambda.invoke('callback', { n: 1 })).toMatchObject({ answer: 2 })
    await lambda.create('done', { 'index.cjs': 'exports.handler = (event, context) => context.succeed("done")' })
    expect(await lambda.invoke('done')).toMatchObject({ answer: 'done' })
    await lambda.create('nothing', { 'index.js': 'exports.handler = () => {}' })
    expect(await lambda.invoke('nothing')).toMatchObject({ answer: null, error: undefined })
    await lambda.create('pending', { 'index.js': 'exports.handler = () => new Promise(() => {})' })
    expect(await lambda.invoke('pending')).toMatchObject({ answer: null, error: undefined })
  })

  test('in Node.js are found in modules of both kinds, in folders, and nested', async () => {
    await lambda.create(
      'esm',
      {
        'src/app.js':
          "import { twice } from './lib.js'\nexport const api = { handler: (e) => Promise.resolve(twice(e)) }",
        'src/lib.js': 'export const twice = (n) => 2 * n',
        'package.json': '{"type":"module"}',
      },
      { Handler: 'src/app.api.handler' },
    )
    expect(await lambda.invoke('esm', 21)).toMatchObject({ answer: 42 })
  })

  test('in Python answer with what they return', async () => {
    await lambda.create('python', {
      'app.py': 'import lib\ndef handler(event, context):\n    return {"got": event, "lib": lib.NAME}',
      'lib.py': 'NAME = "ü"',
    })
    expect(await lambda.invoke('python', { a: 1 })).toMatchObject({
      answer: { got: { a: 1 }, lib: 'ü' },
      error: undefined,
    })
  })

  test.each([
    [
      'context-node',
      {
        'index.mjs': `export const handler = async (event, context) => ({
          remaining: context.getRemainingTimeInMillis(), name: context.functionName, version: context.functionVersion,
          memory: context.memoryLimitInMB, arn: context.invokedFunctionArn, id: context.awsRequestId,
          group: context.logGroupName, stream: context.logStreamName, client: context.clientContext.custom.k })`,
      },
    ],
    [
      'context-python',
      {
        'index.py': `def handler(event, context):
    return {"remaining": context.get_remaining_time_in_millis(), "name": context.function_name,
        "version": context.function_version, "memory": context.memory_limit_in_mb, "arn": context.invoked_function_arn,
        "id": context.aws_request_id, "group": context.log_group_name, "stream": context.log_stream_name,
        "client": context.client_context.custom["k"]}`,
      },
    ],
  ])('%s is told who it is and how long it has', async (name, files) => {
    await lambda.create(name, files, { Timeout: 7, MemorySize: 256 })
    const { answer } = await lambda.invoke(
      name,
      {},
      { ClientContext: Buffer.from('{"custom":{"k":"vü"}}').toString('base64') },
    )
    expect(answer).toEqual({
      remaining: expect.any(Number),
      name,
      version: '$LATEST',
      memory: '256',
      arn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      group: `/aws/lambda/${name}`,
      stream: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      client: 'vü',
    })
    const { remaining } = answer as { remaining: number }
    expect(remaining).toBeGreaterThan(5000)
    expect(remaining).toBeLessThanOrEqual(7000)
  })

  test('keep their state while their environment is warm', async () => {
    await lambda.create('warm', { 'index.mjs': 'let n = 0\nexport const handler = async () => ++n' })
    for (const expected of [1, 2, 3]) expect((await lambda.invoke('warm')).answer).toBe(expected)
  })

  test('find the credentials of the execution role and the endpoint, and their own variables', async () => {
    await lambda.create(
      'variables',
      { 'index.mjs': 'export const handler = async () => process.env' },
      { Environment: { Variables: { TABLE: 'iris', AWS_ENDPOINT_URL_S3: 'http://s3' } } },
    )
    const { answer } = await lambda.invoke('variables')
    const variables = answer as Record<string, string>
    expect(variables).toMatchObject({
      TABLE: 'iris',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:8770',
      AWS_ENDPOINT_URL_S3: 'http://s3',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      AWS_LAMBDA_FUNCTION_NAME: 'variables',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      _HANDLER: 'index.handler',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
    })
    const own = Object.keys(process.env).filter(
      (name) => !['PATH', 'HOME', 'LANG', 'PWD', 'TZ', 'TMPDIR', '_', 'SHLVL', 'OLDPWD'].includes(name),
    )
    expect(Object.keys(variables).filter((name) => own.includes(name) && !name.startsWith('AWS_'))).toEqual([])
  })

  test('write what they print into their log group, between the lines of Lambda, and into the tail', async () => {
    await lambda.create('printing', {
      'app.py': `import logging, sys
logging.getLogger().setLevel("INFO")
def handler(event, context):
    print("one\\rtwo")
    logging.info("three\\nfour")
    sys.stderr.write("five\\n")
    sys.stdout.write("no newline")
    return 1`,
    })
    const { log } = await lambda.invoke('printing', {}, { LogType: 'Tail' })
    expect(log).toMatch(/^START RequestId: [0-9a-f-]{36} Version: \$LATEST\n/)
    expect(log).toContain('one\ntwo\n')
    expect(log).toMatch(/\[INFO\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\t[0-9a-f-]{36}\tthree\nfour\n/)
    expect(log).toContain('no newline\nEND RequestId: ')
    expect(log).toMatch(
      /\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms\t\n$/,
    )
    await eventually(async () => {
      const lines = await lambda.logOf('printing')
      expect(lines[0]).toMatch(/^INIT_START Runtime Version: Python 3\.\d+\.\d+/)
      expect(lines).toContain('one\ntwo')
      expect(lines).toContain('five')
      expect(lines.at(-1)).toMatch(/^REPORT /)
    })
    await lambda.create('console', {
      'index.mjs': 'export const handler = async () => { console.log("a\\nb", { c: 1 }); console.error("bad") }',
    })
    const second = await lambda.invoke('console', {}, { LogType: 'Tail' })
    expect(second.log).toMatch(/Z\t[0-9a-f-]{36}\tINFO\ta\nb \{ c: 1 \}\n/)
    await eventually(async () => expect((await lambda.logOf('console')).join('\n')).toMatch(/\tERROR\tbad/))
  })

  test.each(['nodejs12.x', 'nodejs20.x', 'nodejs22.x'] as const)(
    'for %s run on the nearest Node.js, and the log says so',
    async (Runtime) => {
      const name = Runtime.replace('.', '-')
      await lambda.create(name, { 'index.js': 'exports.handler = async () => process.version' }, { Runtime })
      const { answer } = await lambda.invoke(name)
      await eventually(async () => {
        const [first] = await lambda.logOf(name)
        expect(first).toContain(`INIT_START Runtime Version: Node.js ${String(answer).slice(1)}`)
      })
    },
  )
})
