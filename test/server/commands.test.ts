import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiCall, rawCall } from '../support/api-call.ts'
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

/** An endpoint whose container prints nothing: with the runtime none there is no container. */
async function createSilentEndpoint(on: Slipway): Promise<void> {
  const call = (operation: string, input: object) => apiCall(on, 'sagemaker', `SageMaker.${operation}`, input)
  const ExecutionRoleArn = `arn:aws:iam::${on.account}:role/SageMakerExecutionRole`
  const Image = `${on.account}.dkr.ecr.us-east-1.amazonaws.com/silent:1`
  await call('CreateModel', { ModelName: 'silent', ExecutionRoleArn, PrimaryContainer: { Image } })
  const variant = { VariantName: 'a', ModelName: 'silent', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 }
  await call('CreateEndpointConfig', { EndpointConfigName: 'silent', ProductionVariants: [variant] })
  await call('CreateEndpoint', { EndpointName: 'silent', EndpointConfigName: 'silent' })
}

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

  it('account create makes an account whose key works at once, and shows the same key again', async () => {
    const id = '222222222222'
    const [made, again] = await Promise.all([
      slipway('account', 'create', id, '--json'),
      slipway('account', 'create', id, '--json'),
    ])
    expect(again).toBe(made)
    const variables = JSON.parse(made) as Record<string, string>
    expect(variables.AWS_ENDPOINT_URL).toBe(server.url)
    expect(await slipway('account', 'create', id)).toBe(await slipway('env', '--account', id))
    const own = {
      ...server,
      accessKeyId: variables.AWS_ACCESS_KEY_ID!,
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY!,
    }
    const body = 'Action=GetRole&Version=2010-05-08&RoleName=SageMakerExecutionRole'
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await rawCall(own, 'iam', { headers, body })
    expect(answer.text).toContain(`arn:aws:iam::${id}:role/SageMakerExecutionRole`)
    const accounts = JSON.parse(await slipway('account', 'list', '--json')) as { account: string }[]
    expect(accounts.map((one) => one.account)).toEqual(['123456789012', id])
    expect(await slipway('account', 'list')).toMatch(/^ACCOUNT +CREATED\n123456789012 .*\n222222222222 .*\n$/)
  })

  it('account and env say in one line what is no account', async () => {
    for (const args of [
      ['account', 'create', '22222222222'],
      ['account', 'create', '22222222222２'],
      ['env', '--account', ''],
    ])
      await expect(slipway(...args)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^slipway (account|env): '.*' is no account id; it has twelve digits.*\n$/),
      })
    await expect(slipway('env', '--account', '999999999999')).rejects.toMatchObject({
      code: 1,
      stderr: "slipway: there is no account 999999999999; make it with 'slipway account create 999999999999'\n",
    })
    for (const args of [[], ['remove'], ['create', '222222222222', 'x']])
      await expect(slipway('account', ...args)).rejects.toMatchObject({ code: 2 })
  })

  it('status shows endpoints', async () => {
    expect(await slipway('status')).toBe('No endpoints.\n')
    expect(JSON.parse(await slipway('status', '--json'))).toEqual([])
  })

  it('top tells of no endpoints, and of an interval that is none', async () => {
    expect(await slipway('top')).toBe('No endpoints.\n')
    expect(JSON.parse(await slipway('top', '--json'))).toEqual([])
    for (const interval of ['0', '1e9', 'Infinity', 'soon'])
      await expect(slipway('top', '--interval', interval)).rejects.toMatchObject({ code: 2 })
  })

  it('queue wants an asynchronous endpoint, and asks before it drops anything', async () => {
    await expect(slipway('queue', 'nobody')).rejects.toMatchObject({
      code: 1,
      stderr: "slipway: there is no endpoint 'nobody' in us-east-1; 'slipway status' lists them\n",
    })
    for (const args of [[], ['a', 'b'], ['a', '--drain', '--timeout', 'soon'], ['a', '--drain', '--purge']])
      await expect(slipway('queue', ...args)).rejects.toMatchObject({ code: 2 })
    for (const args of [['--timeout', '5'], ['--yes']])
      await expect(slipway('queue', 'a', ...args)).rejects.toMatchObject({ code: 2 })
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
      stderr: "slipway: there is no endpoint 'nobody'; 'slipway status' lists them\n",
    })
  })

  it('logs ends quietly when nobody reads on', async () => {
    const logGroupName = '/aws/sagemaker/Endpoints/talkative'
    const call = (operation: string, input: object) => apiCall(server, 'logs', `Logs_20140328.${operation}`, input)
    await call('CreateLogGroup', { logGroupName })
    await call('CreateLogStream', { logGroupName, logStreamName: 'v/i-1' })
    const logEvents = Array.from({ length: 5_000 }, () => ({ timestamp: Date.now(), message: 'x'.repeat(100) }))
    await call('PutLogEvents', { logGroupName, logStreamName: 'v/i-1', logEvents })
    const script = `'${PROGRAM}' logs talkative -f --data-dir '${server.dataDir}' | head -n 1 | wc -l`
    const { stdout, stderr } = await run('sh', ['-c', script])
    expect([stdout.trim(), stderr]).toEqual(['1', ''])
  })

  it('logs says why an endpoint has printed nothing', async () => {
    await createSilentEndpoint(server)
    const { stdout, stderr } = await run(PROGRAM, ['logs', 'silent', '--data-dir', server.dataDir])
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^slipway: the containers of silent have printed nothing; it is (Creating|InService)\n$/)
    await apiCall(server, 'sagemaker', 'SageMaker.DeleteEndpoint', { EndpointName: 'silent' })
  })

  it('doctor tells what is well and what is not', async () => {
    const findings = JSON.parse(await slipway('doctor', '--json').catch((error) => error.stdout)) as {
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
    for (const command of ['env', 'status', 'doctor'])
      await expect(slipway(command, 'surplus')).rejects.toMatchObject({
        code: 2,
        stderr: `slipway ${command}: Unexpected argument 'surplus'; see 'slipway ${command} --help'\n`,
      })
    await expect(slipway('logs')).rejects.toMatchObject({ code: 2 })
    await expect(slipway('status', '--frobnicate')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('slipway status --help'),
    })
  })

  it('status shows what a server that has ended knew, and says that it has ended', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'slipway-ended-'))
    try {
      const ended = await startSlipway({ dataDir })
      await createSilentEndpoint(ended)
      await ended.stop()
      const { stdout, stderr } = await run(PROGRAM, ['status', '--data-dir', dataDir])
      expect(stdout).toMatch(/^ENDPOINT .*\nsilent /)
      expect(stderr).toBe(`slipway: no server runs on ${dataDir}; this is what the last one knew\n`)
      const exports = await run(PROGRAM, ['account', 'create', '333333333333', '--data-dir', dataDir])
      expect(exports.stdout).toMatch(/^export AWS_ENDPOINT_URL=.*\nexport AWS_ACCESS_KEY_ID=AKIA/)
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })

  it('says in one line that a data directory is damaged, and makes nothing in it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'slipway-damaged-'))
    const refusal = async (command: string) =>
      (await run(PROGRAM, [command, '--data-dir', dataDir]).catch((error) => error)) as { code: number; stderr: string }
    try {
      await (await startSlipway({ dataDir })).stop()
      await rm(join(dataDir, 'master.key'))
      expect(await refusal('env')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^slipway: master\.key is/) })
      expect(existsSync(join(dataDir, 'master.key'))).toBe(false)
      await writeFile(join(dataDir, 'master.key'), randomBytes(32))
      expect(await refusal('env')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^slipway: master\.key does/),
      })
      await writeFile(join(dataDir, 'slipway.db'), 'this is no database'.repeat(1_000))
      for (const command of ['env', 'status'])
        expect(await refusal(command)).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^slipway: The data.*\n$/),
        })
      expect(await refusal('doctor')).toMatchObject({ code: 1, stdout: expect.stringMatching(/problem +database: /) })
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })

  it('prints the help text of a command in both ways of asking', async () => {
    const { stdout } = await run(PROGRAM, ['help', 'status'])
    expect(stdout).toBe((await run(PROGRAM, ['status', '--help'])).stdout)
  })

  it.each(['serve', 'env', 'account', 'status', 'top', 'logs', 'queue', 'doctor'])(
    '%s has a help text with examples',
    async (command) => {
      const { stdout } = await run(PROGRAM, [command, '--help'])
      expect(stdout).toMatch(/Usage: slipway [\s\S]*Examples:/)
    },
  )
})
