import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startLambdaService, type TestLambda } from '../../support/lambda-service.ts'

describe('a function that', () => {
  let lambda: TestLambda
  beforeAll(async () => {
    lambda = await startLambdaService()
  })
  afterAll(() => lambda.stop())

  const fails = async (name: string, files: Record<string, string>, more: object = {}, event: unknown = {}) => {
    await lambda.create(name, files, more)
    const { answer, error } = await lambda.invoke(name, event)
    expect(error).toBe('Unhandled')
    return answer as {
      errorType: string
      errorMessage: string
      trace?: string[]
      stackTrace?: string[]
      requestId?: string
    }
  }

  test('throws answers the error, its type and its trace', async () => {
    const node = await fails('throws-node', {
      'index.mjs': 'export const handler = async () => { throw new TypeError("boom") }',
    })
    expect(node).toEqual({
      errorType: 'TypeError',
      errorMessage: 'boom',
      trace: expect.arrayContaining(['TypeError: boom', expect.stringContaining('index.mjs:1')]),
    })
    const python = await fails('throws-python', {
      'app.py': 'def handler(event, context):\n    raise ValueError("boom")',
    })
    expect(python).toEqual({
      errorType: 'ValueError',
      errorMessage: 'boom',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      stackTrace: [expect.stringContaining('app.py", line 2, in handler')],
    })
    expect(await fails('fails-callback', { 'index.js': 'exports.handler = (e, c, done) => done("no")' })).toMatchObject(
      {
        errorType: 'string',
        errorMessage: 'no',
      },
    )
    // And goes on with the next event in the same environment.
    expect((await lambda.invoke('throws-node')).error).toBe('Unhandled')
    const streams = await eventually(async () => {
      const found = await lambda.logs.call('DescribeLogStreams', { logGroupName: '/aws/lambda/throws-node' })
      expect(await lambda.logOf('throws-node')).toHaveLength(9)
      return found.logStreams
    })
    expect(streams).toHaveLength(1)
  })

  test('cannot be loaded says why', async () => {
    const type = async (name: string, files: Record<string, string>, more: object = {}) =>
      [(await fails(name, files, more)).errorType, (await lambda.invoke(name)).answer] as const
    expect(await type('l1', { 'index.js': '' })).toEqual([
      'Runtime.HandlerNotFound',
      expect.objectContaining({ errorMessage: 'index.handler is undefined or not exported' }),
    ])
    expect(await type('l2', { 'index.js': 'require("not-there")' })).toEqual([
      'Runtime.ImportModuleError',
      expect.objectContaining({ errorMessage: expect.stringContaining("Error: Cannot find module 'not-there'") }),
    ])
    expect(await type('l3', { 'index.js': 'x' }, { Handler: 'other.handler' })).toEqual([
      'Runtime.ImportModuleError',
      expect.anything(),
    ])
    expect(await type('l4', { 'index.js': '{{{' })).toEqual(['Runtime.UserCodeSyntaxError', expect.anything()])
    expect(await type('l5', { 'index.js': '' }, { Handler: 'index' })).toEqual([
      'Runtime.MalformedHandlerName',
      expect.anything(),
    ])
    expect(await type('l6', { 'index.js': '' }, { Handler: '../../index.handler' })).toEqual([
      'Runtime.MalformedHandlerName',
      expect.anything(),
    ])
    expect(await type('l7', { 'app.py': 'import not_there' })).toEqual([
      'Runtime.ImportModuleError',
      expect.objectContaining({ errorMessage: "Unable to import module 'app': No module named 'not_there'" }),
    ])
    expect(await type('l8', { 'app.py': 'def x(): pass' })).toEqual([
      'Runtime.HandlerNotFound',
      expect.objectContaining({ errorMessage: "Handler 'handler' missing on module 'app'" }),
    ])
    expect(await type('l9', { 'app.py': 'def x(' })).toEqual(['Runtime.UserCodeSyntaxError', expect.anything()])
    expect(await type('l10', { 'app.py': 'raise KeyError("at load")' })).toEqual(['KeyError', expect.anything()])
    expect(await type('l11', { 'index.js': 'process.exit(3)' })).toEqual([
      'Runtime.ExitError',
      expect.objectContaining({
        errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Runtime exited with error: exit status 3$/),
      }),
    ])
  })

  test.each([
    ['hangs-node', { 'index.js': 'exports.handler = () => new Promise((r) => setTimeout(r, 1e6))' }],
    ['spins-node', { 'index.js': 'exports.handler = () => { for (;;); }' }],
    ['hangs-python', { 'app.py': 'import time\ndef handler(e, c):\n    time.sleep(1000)' }],
    [
      'ignores-python',
      {
        'app.py':
          'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef handler(e, c):\n    time.sleep(1000)',
      },
    ],
  ])('never answers (%s) is killed at its timeout', async (name, files) => {
    await lambda.create(name, files, { Timeout: 1 })
    const started = performance.now()
    const { answer, error, log } = await lambda.invoke(name, {}, { LogType: 'Tail' })
    expect(performance.now() - started).toBeLessThan(3000)
    expect(error).toBe('Unhandled')
    expect(answer).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Task timed out after 1\.00 seconds$/),
    })
    expect(log).toMatch(/\tStatus: timeout\t\n\d{4}-\S+Z \S{36} Task timed out after 1\.00 seconds\n$/)
  })

  test('exits, is killed or crashes ends its environment, and the next event gets a new one', async () => {
    const files = {
      'index.js': `exports.handler = async (how) => {
        if (how === 'exit') process.exit(7)
        if (how === 'quiet') process.exit(0)
        if (how === 'kill') process.kill(process.pid, 'SIGKILL')
        if (how === 'abort') process.abort()
        if (how === 'later') setTimeout(() => { throw new Error('later') }, 1)
        if (how === 'reject') Promise.reject(new Error('rejected'))
        if (how === 'later' || how === 'reject') await new Promise((r) => setTimeout(r, 2000))
        return 'fine' }`,
    }
    await lambda.create('exits', files)
    const message = async (how: string) => {
      const { answer, error } = await lambda.invoke('exits', how)
      expect(error).toBe('Unhandled')
      const { errorType, errorMessage } = answer as { errorType: string; errorMessage: string }
      return `${errorType}: ${errorMessage.replace(/^RequestId: \S{36} /, '')}`
    }
    expect(await message('exit')).toBe('Runtime.ExitError: Error: Runtime exited with error: exit status 7')
    expect(await message('quiet')).toBe('Runtime.ExitError: Error: Runtime exited without providing a reason')
    expect(await message('kill')).toBe('Runtime.ExitError: Error: Runtime exited with error: signal: killed')
    expect(await message('abort')).toBe('Runtime.ExitError: Error: Runtime exited with error: signal: aborted')
    expect(await message('later')).toBe('Error: later')
    expect(await message('reject')).toBe('Runtime.UnhandledPromiseRejection: Error: rejected')
    expect((await lambda.invoke('exits', 'well')).answer).toBe('fine')
  })

  test('exits in Python after catching nothing', async () => {
    expect(await fails('sys-exit', { 'app.py': 'import sys\ndef handler(e, c):\n    sys.exit(4)' })).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('exit status 4'),
    })
  })

  test('answers what is no JSON fails', async () => {
    expect(
      await fails('cycle', { 'index.js': 'exports.handler = async () => { const a = {}; a.a = a; return a }' }),
    ).toMatchObject({
      errorType: 'Runtime.MarshalError',
    })
    expect(await fails('set', { 'app.py': 'def handler(e, c):\n    return {1, 2}' })).toMatchObject({
      errorType: 'Runtime.MarshalError',
      errorMessage: 'Unable to marshal response: Object of type set is not JSON serializable',
    })
  })

  test.each([
    ['large-node', { 'index.js': 'exports.handler = async (n) => "x".repeat(n)' }],
    ['large-python', { 'app.py': 'def handler(n, c):\n    return "x" * n' }],
  ])('answers too much (%s) fails and goes on', async (name, files) => {
    expect(await fails(name, files, { Timeout: 20 }, 7 * 1024 * 1024)).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    })
    expect((await lambda.invoke(name, 6 * 1024 * 1024)).answer).toHaveLength(6 * 1024 * 1024)
  })

  test('takes more memory than it has is killed', async () => {
    const answer = await fails(
      'hungry',
      {
        'app.py':
          'import time\ndef handler(e, c):\n    kept = []\n    while True:\n        kept.append(bytearray(4 << 20))\n        time.sleep(0.01)',
      },
      { Timeout: 30 },
    )
    expect(answer).toEqual({
      errorType: 'Runtime.OutOfMemory',
      errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Runtime exited with error: signal: killed$/),
    })
    // Spread over children counts as well.
    const children = await fails(
      'hungry-children',
      {
        'app.py':
          'import subprocess, sys, time\ndef handler(e, c):\n    for _ in range(8):\n        subprocess.Popen([sys.executable, "-c", "b = bytearray(40 << 20)\\nimport time; time.sleep(60)"])\n    time.sleep(60)',
      },
      { Timeout: 30 },
    )
    expect(children).toMatchObject({ errorType: 'Runtime.OutOfMemory' })
  })

  test('prints without end costs nothing but its own time', async () => {
    await lambda.create(
      'chatty',
      { 'app.py': 'def handler(e, c):\n    while True:\n        print("y" * 1000)' },
      { Timeout: 2 },
    )
    const before = process.memoryUsage().rss
    const { answer } = await lambda.invoke('chatty')
    expect(answer).toMatchObject({ errorType: 'Sandbox.Timedout' })
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)
    await eventually(async () => {
      const { logGroups } = await lambda.logs.call('DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/chatty' })
      expect(logGroups?.[0]?.storedBytes).toBeGreaterThan(1024 * 1024)
      expect(logGroups?.[0]?.storedBytes).toBeLessThan(20 * 1024 * 1024)
    })
  })

  test('prints a line without end has it cut', async () => {
    await lambda.create('endless-line', {
      'app.py': 'import sys\ndef handler(e, c):\n    sys.stdout.write("z" * 1000000)\n    return 1',
    })
    expect((await lambda.invoke('endless-line')).answer).toBe(1)
    await eventually(async () => {
      const lines = await lambda.logOf('endless-line')
      expect(lines.filter((line) => /^z+$/.test(line)).join('')).toHaveLength(1_000_000)
    })
  })

  test('closes its own streams still answers', async () => {
    await lambda.create('closing', {
      'app.py': 'import os\ndef handler(e, c):\n    os.close(0); os.close(1); os.close(2)\n    return "quiet"',
    })
    expect(await lambda.invoke('closing')).toMatchObject({ answer: 'quiet' })
  })

  test('speaks nonsense to the Runtime API harms nobody', async () => {
    await lambda.create('nonsense', {
      'index.js': `const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API
        const post = (url, body) => fetch(url, { method: 'POST', body }).then((r) => r.status)
        exports.handler = async (event, context) => {
          const id = context.awsRequestId
          const other = base.replace(/.$/, (c) => c === '0' ? '1' : '0')
          return [
            await post(base + '/2018-06-01/runtime/invocation/none/response', '1'),
            await post(base + '/2018-06-01/runtime/nothing', '1'),
            await post(other + '/2018-06-01/runtime/invocation/' + id + '/response', '"stolen"'),
            await fetch(base + '/2018-06-01/runtime/invocation/next', { method: 'DELETE' }).then((r) => r.status),
          ] }`,
    })
    expect((await lambda.invoke('nonsense')).answer).toEqual([400, 404, 403, 404])
  })
})
