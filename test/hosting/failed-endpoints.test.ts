import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, ROLE, startHosting, type VariantOptions } from '../support/hosting.ts'
import { freePort } from '../support/ports.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { zipOf } from '../support/zip.ts'

const TRUST = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  })

const IMAGE_UNAVAILABLE =
  'Please make sure all images included in the model for the production variant v0 exist, and that the execution role used to create the model has permissions to access them.'
const PING =
  'The primary container for production variant v0 did not pass the ping health check. Please check CloudWatch logs for this endpoint.'

describe.skipIf(lacksEngine('docker'))('endpoints that cannot be brought up', () => {
  let hosting: HostingFixture
  let locked: Registry
  let strange: Registry
  let files: TemporaryDirectory
  let deadPort: number

  beforeAll(async () => {
    files = await temporaryDirectory()
    deadPort = await freePort()
    ;[hosting, locked, strange] = await Promise.all([
      startHosting('docker', { env: { SLIPWAY_LIMITS_STARTUP_SECONDS: '2' } }),
      startRegistry({ auth: 'basic' }),
      startRegistry({ auth: 'none', tls: 'private-ca' }),
    ])
    const { url } = hosting.registry
    const push = (image: Parameters<typeof pushImage>[0], tag: string) =>
      pushImage(image, { url, repository: 'team/model', tag })
    await push(hosting.images.image({ architecture: 'arm64' }), 'arm')
    await push(hosting.images.withoutProgram(), 'absent')
    if (locked.credentials !== undefined)
      await pushImage(hosting.images.image(), {
        url: locked.url,
        repository: 'team/model',
        tag: '1',
        credentials: locked.credentials,
      })
    await hosting.api.createBucket('sagemaker-models')
  })
  afterAll(async () => {
    await Promise.all([hosting?.stop(), locked?.stop(), strange?.stop()])
    await files?.remove()
  })

  /** Deploys, and sees what remains: a reason to act on, no container, and an endpoint that can be deleted. */
  async function reasonOf(name: string, variant: VariantOptions): Promise<string> {
    await hosting.create(name, variant)
    const { EndpointStatus: status, FailureReason: reason = '' } = await hosting.settled(name)
    expect(status).toBe('Failed')
    expect(reason.length).toBeLessThanOrEqual(1024)
    await eventually(async () => expect(await hosting.containers(name)).toEqual([]))
    await hosting.remove(name)
    return reason
  }

  /** A function in Python that is asked for the registry's login. */
  const provider = (name: string, body: string, timeout = 10) =>
    hosting.api.createFunction({
      FunctionName: `SageMaker-${name}`,
      Runtime: 'python3.12',
      Role: ROLE,
      Handler: 'provider.handler',
      Timeout: timeout,
      Code: {
        ZipFile: Buffer.from(
          zipOf({ name: 'provider.py', content: `def handler(event, context):\n    ${body}\n` }),
        ).toString('base64'),
      },
    })
  const lockedImage = () => `${locked.host}/team/model:1`
  const login = (username: string, password: string) =>
    `return {'Credentials': {'Username': '${username}', 'Password': '${password}'}}`

  it('says that the role does not trust the service', async () => {
    const name = 'Distrusting'
    await hosting.api.iam('CreateRole', {
      RoleName: name,
      AssumeRolePolicyDocument: TRUST('sagemaker.amazonaws.com'),
    })
    const role = `arn:aws:iam::123456789012:role/${name}`
    const beforeEndpoint = async () => {
      const PolicyDocument = TRUST('ec2.amazonaws.com')
      await hosting.api.iam('UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument })
    }
    expect(await reasonOf('no-trust', { role, beforeEndpoint })).toBe(
      `The execution role ARN "${role}" is invalid. Please ensure that the role exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".`,
    )
    await hosting.api.iam('DeleteRole', { RoleName: name })
  })

  it.each([
    ['throws', "raise ValueError('s3cret')", /the function failed \(ValueError\)$/],
    ['answers nonsense', "return {'Username': 'u', 'Password': 's3cret'}", /is missing Credentials\.$/],
    ['answers nothing', 'return None', /is missing Credentials\.$/],
    ['ends its process', 'import os; os._exit(3)', /the function failed \(Runtime\.ExitError\)$/],
    ['returns a wrong login', login('alice', 's3cret'), /^Authentication failed for 127\.0\.0\.1:/],
  ])('says that the credentials function %s', async (what, body, expected) => {
    const name = what.replaceAll(' ', '-')
    const credentialsFunction = await provider(name, body)
    const reason = await reasonOf(name, { image: lockedImage(), credentialsFunction })
    expect(reason).toMatch(expected)
    expect(reason + hosting.slipway.process.output()).not.toContain('s3cret')
  })

  it('says that the credentials function takes too long', async () => {
    const credentialsFunction = await provider('hangs', 'import time; time.sleep(60)', 1)
    const reason = await reasonOf('hangs', { image: lockedImage(), credentialsFunction })
    expect(reason).toMatch(
      /^ClientError: Failed to retrieve registry credentials from \S+SageMaker-hangs: .*(timed out|Timeout|Timedout)/i,
    )
  })

  it('says that there is no such credentials function', async () => {
    const credentialsFunction = 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-nobody'
    expect(await reasonOf('no-function', { image: lockedImage(), credentialsFunction })).toBe(
      `ClientError: Failed to retrieve registry credentials from ${credentialsFunction}: Function not found: ${credentialsFunction}`,
    )
  })

  it('says that the registry wants a login', async () => {
    expect(await reasonOf('no-login', { image: lockedImage() })).toMatch(
      /^Authentication failed for 127\.0\.0\.1:\d+: .*RepositoryAuthConfig/,
    )
  })

  it.each<readonly [string, () => string, RegExp]>([
    ['repository', () => `${hosting.registry.host}/team/nobody:1`, /nobody/],
    ['tag', () => `${hosting.registry.host}/team/model:nobody`, /nobody/],
    ['digest', () => `${hosting.registry.host}/team/model@sha256:${'0'.repeat(64)}`, /sha256:0000/],
  ])('says that there is no such %s', async (what, image, detail) => {
    const reason = await reasonOf(`no-${what}`, { image: image() })
    expect(reason).toContain(IMAGE_UNAVAILABLE)
    expect(reason).toMatch(detail)
  })

  it.each<readonly [string, () => string, RegExp]>([
    ['is not reached', () => `127.0.0.1:${deadPort}/team/model:1`, /^Unable to reach the registry 127\.0\.0\.1:\d+/],
    ['is unknown', () => 'registry.invalid/team/model:1', /^Unable to reach the registry registry\.invalid/],
    ['has a certificate of nobody', () => `${strange.host}/team/model:1`, /is not trusted\. .*certificate/],
  ])('says that the registry %s', async (what, image, expected) => {
    expect(await reasonOf(what.replaceAll(' ', '-'), { image: image() })).toMatch(expected)
  })

  it('says that the image is for another architecture', async () => {
    const reason = await reasonOf('foreign', { image: `${hosting.registry.host}/team/model:arm` })
    expect(reason).toMatch(/is not built for linux\/amd64 but for: linux\/arm64/)
  })

  it('says that the entrypoint is not there', async () => {
    const reason = await reasonOf('entrypoint', { image: `${hosting.registry.host}/team/model:absent` })
    expect(reason).toMatch(
      /^The primary container for production variant v0 could not be started: .*\/usr\/bin\/absent/s,
    )
  })

  it.each<readonly [string, Record<string, string>, RegExp]>([
    ['never-ok', { PING_FAIL: 'always' }, / \/ping answered 503; the container had 2 s to answer 200\.$/],
    [
      'too-slow',
      { PING_DELAY_MS: '3000' },
      / \/ping did not answer within 2 s; the container had 2 s to answer 200\.$/,
    ],
    ['crashing', { EXIT_AT_START: '3', PRINT_AT_START: 'no weights' }, / The container ended with exit code 3\.$/],
  ])('gives the ping reason for a container that is %s', async (name, Environment, detail) => {
    const reason = await reasonOf(name, { container: { Environment } })
    expect(reason.startsWith(PING)).toBe(true)
    expect(reason).toMatch(detail)
    if (name === 'crashing') expect(await hosting.printed(name)).toEqual(Array(3).fill('no weights'))
  })

  it('says that the model data is gone', async () => {
    await hosting.api.putObject('sagemaker-models', 'gone.tar.gz', await archive('weights'))
    const container = { ModelDataUrl: 's3://sagemaker-models/gone.tar.gz' }
    const beforeEndpoint = () => hosting.api.deleteObject('sagemaker-models', 'gone.tar.gz')
    expect(await reasonOf('no-data', { container, beforeEndpoint })).toBe(
      'Failed to download model data for container "container_1" from URL: "s3://sagemaker-models/gone.tar.gz". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.',
    )
  })

  it('refuses an archive that leaves its folder', async () => {
    await hosting.api.putObject('sagemaker-models', 'evil.tar.gz', await archive('../evil'))
    const reason = await reasonOf('evil', { container: { ModelDataUrl: 's3://sagemaker-models/evil.tar.gz' } })
    expect(reason).toContain('Failed to extract model data archive for container "container_1"')
    expect(reason).toContain('..')
  })

  it('fails as a whole when one of its variants does', async () => {
    await hosting.create(
      'half',
      { name: 'good', instances: 2 },
      { name: 'bad', container: { Environment: { EXIT_AT_START: '1' } } },
    )
    const { EndpointStatus: status, FailureReason: reason } = await hosting.settled('half')
    expect(status).toBe('Failed')
    expect(reason).toContain('production variant bad')
    await eventually(async () => expect(await hosting.containers('half')).toEqual([]))
    await hosting.remove('half')
  })

  async function archive(path: string): Promise<Buffer> {
    await writeFile(join(files.path, 'weights'), 'w')
    const args = ['-czf', '-', '-C', files.path, '-P', '--transform', `s|.*|${path}|`, 'weights']
    return (await promisify(execFile)('tar', args, { encoding: 'buffer' })).stdout
  }
})
