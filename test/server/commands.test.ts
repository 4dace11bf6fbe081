import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiCall } from '../support/api-call.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
let server: Slipway

beforeAll(async () => {
  server = await startSlipway()
})
afterAll(() => server?.stop())

const slipway = async (...args: string[]): Promise<string> =>
  (await run(PROGRAM, [...args, '--data-dir', server.dataDir])).stdout

describe('the commands beside serve', () => {
  it('env prints exports that a shell takes', async () => {
    const exports = await slipway('env')
    const { stdout } = await run('sh', [
      '-c',
      `${exports}\nprintf '%s %s %s %s' "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_REGION"`,
    ])
    expect(stdout).toBe(`${server.url} ${server.accessKeyId} ${server.secretAccessKey} us-east-1`)
    expect(JSON.parse(await slipway('env', '--json')).AWS_ENDPOINT_URL).toBe(server.url)
  })

  it('status shows endpoints', async () => {
    expect(await slipway('status')).toBe('No endpoints.\n')
    expect(JSON.parse(await slipway('status', '--json'))).toEqual([])
  })

  it('logs prints what is in the group of an endpoint', async () => {
    const logGroupName = '/aws/sagemaker/Endpoints/iris'
    const call = (operation: string, input: object) => apiCall(server, 'logs', `Logs_20140328.${operation}`, input)
    await call('CreateLogGroup', { logGroupName })
    await call('CreateLogStream', { logGroupName, logStreamName: 'v/i-1' })
    const logEvents = [{ timestamp: Date.now(), message: 'a line' }]
    await call('PutLogEvents', { logGroupName, logStreamName: 'v/i-1', logEvents })
    expect(await slipway('logs', 'iris')).toMatch(/v\/i-1 {2}a line\n$/)
    await expect(slipway('logs', 'nobody')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not exist'),
    })
  })

  it('doctor tells what is well and what is not', async () => {
    const findings = JSON.parse(
      await slipway('doctor', '--json', '--port', String(server.port)).catch((error) => error.stdout),
    ) as {
      check: string
      state: string
      found: string
    }[]
    expect(findings.find(({ check }) => check === 'port')).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('answers'),
    })
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['Node.js', 'disk', 'clock', 'container engine']),
    )
  })

  it('says what to do about a directory without a server, an unknown command, an unknown flag', async () => {
    await expect(run(PROGRAM, ['env', '--data-dir', '/nonexistent'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('slipway serve'),
    })
    await expect(run(PROGRAM, ['frobnicate'])).rejects.toMatchObject({ code: 2 })
    await expect(slipway('status', '--frobnicate')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('slipway status --help'),
    })
  })

  it.each(['serve', 'env', 'status', 'logs', 'doctor'])('%s has a help text with examples', async (command) => {
    const { stdout } = await run(PROGRAM, [command, '--help'])
    expect(stdout).toMatch(/Usage: slipway [\s\S]*Examples:/)
  })
})
