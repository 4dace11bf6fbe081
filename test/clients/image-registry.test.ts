import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeDockerArchive } from '../../scripts/images/docker-archive.ts'
import { pushImage } from '../../scripts/images/push-image.ts'
import { createRegistryClient } from '../../src/registries/registry-client.ts'
import { otherAccount, otherEnvironment } from '../support/accounts.ts'
import { eventually } from '../support/eventually.ts'
import { ecrCall, type ImageRegistryFixture, openRegistry } from '../support/image-registry.ts'
import { runClient } from '../support/python.ts'
import { ENGINES, lacksEngine, sharedEngine } from '../support/shared-engine.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'
import { buildTestImages, type TestImages } from '../support/test-image.ts'

const execute = promisify(execFile)

let slipway: Slipway
let registry: ImageRegistryFixture
let images: TestImages
let directory: TemporaryDirectory

beforeAll(async () => {
  ;[slipway, images, directory] = await Promise.all([
    startSlipway({ workers: 2 }),
    buildTestImages(`registry-${process.pid}`),
    temporaryDirectory(),
  ])
  registry = await openRegistry(slipway, 'clients/model')
})
afterAll(async () => {
  await Promise.all([slipway?.stop(), images?.remove(), directory?.remove()])
})

const run = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  (await execute(program, args, { env: { PATH: process.env.PATH, HOME: directory.path, ...env }, timeout: 55_000 }))
    .stdout

const archive = async (reference: string): Promise<string> => {
  const file = join(directory.path, `${reference.replace(/\W/g, '-')}.tar`)
  await writeDockerArchive(images.image(), reference, file)
  return file
}

describe('boto3', () => {
  test('pushes, describes, pulls and deletes an image', async () => {
    expect(await runClient('boto3/ecr.py', slipway.env)).toMatch(/^sha256:[0-9a-f]{64}$/m)
  })
})

describe('skopeo', () => {
  const skopeo = (...args: readonly string[]) => run('skopeo', args)
  const creds = () => `${registry.credentials.username}:${registry.credentials.password}`
  const up = () => ['--insecure-policy', '--dest-tls-verify=false', '--dest-creds', creds()]
  const down = () => ['--insecure-policy', '--src-tls-verify=false', '--src-creds', creds()]

  test('copies an image there and back, in both formats, and from repository to repository', async () => {
    const file = await archive('slipway-test/skopeo:1')
    const target = `docker://${registry.uri}`
    await skopeo('copy', ...up(), `docker-archive:${file}`, `${target}:docker`)
    await skopeo('copy', ...up(), '--format', 'oci', `docker-archive:${file}`, `${target}:oci`)
    const layout = join(directory.path, 'layout')
    await skopeo('copy', ...down(), `${target}:oci`, `oci:${layout}:back`)
    await skopeo('copy', ...up(), `oci:${layout}:back`, `${target}:again`)
    const inspect = async (reference: string) =>
      JSON.parse(await skopeo('inspect', '--tls-verify=false', '--creds', creds(), `docker://${reference}`)) as {
        Digest: string
        RepoTags: string[]
      }
    const [oci, again] = await Promise.all([inspect(`${registry.uri}:oci`), inspect(`${registry.uri}:again`)])
    expect(again.Digest).toBe(oci.Digest)
    expect(again.RepoTags).toEqual(['again', 'docker', 'oci'])
    const other = await openRegistry(slipway, 'clients/copied')
    await skopeo('copy', ...up(), ...down().slice(1), `${target}:docker`, `docker://${other.uri}:copied`)
    expect((await inspect(`${other.uri}:copied`)).Digest).toBe((await inspect(`${registry.uri}:docker`)).Digest)
    await skopeo('delete', '--tls-verify=false', '--creds', creds(), `docker://${other.uri}:copied`)
    expect(await ecrCall(slipway, 'ListImages', { repositoryName: 'clients/copied' })).toEqual({ imageIds: [] })
  })

  test('pulls as the role of another account, as far as the repository lets it', async () => {
    const own = await openRegistry(slipway, 'clients/shared')
    const file = await archive('slipway-test/shared:1')
    await skopeo('copy', ...up(), `docker-archive:${file}`, `docker://${own.uri}:1`)
    const env = { ...slipway.env, ...otherEnvironment(await otherAccount(slipway, '222222222222')) }
    const login = async (role: string, ...actions: readonly string[]) =>
      JSON.parse(await runClient('boto3/foreign_login.py', env, [role, ...actions])) as Record<string, string>
    const reader = await login('reader', 'ecr:*')
    const pull = ({ username, password }: Record<string, string>) =>
      skopeo(
        ...['copy', '--insecure-policy', '--src-tls-verify=false', '--src-creds', `${username}:${password}`],
        ...[`docker://${own.uri}:1`, `oci:${join(directory.path, 'shared')}:1`],
      )
    const share = (action: readonly string[], principal: string) =>
      ecrCall(slipway, 'SetRepositoryPolicy', {
        repositoryName: 'clients/shared',
        policyText: JSON.stringify({
          Version: '2012-10-17',
          Statement: { Effect: 'Allow', Action: action, Principal: { AWS: principal } },
        }),
      })
    const why = (action: string, kind: string) =>
      new RegExp(
        `${reader.arn?.replace(/^.*role/, 'assumed-role')}/session is not authorized to perform: ${action} .*${kind}`,
      )
    await expect(pull(reader)).rejects.toThrow(why('ecr:BatchGetImage', 'no resource-based policy'))
    await share(['ecr:BatchGetImage'], reader.arn as string)
    // Of a layer that is denied skopeo does not show the sentence.
    await eventually(() => expect(pull(reader)).rejects.toThrow(/reading blob .* 403 \(Forbidden\)/))
    await share(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], reader.arn as string)
    await eventually(() => pull(reader))
    const poor = await login('poor')
    await share(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], '222222222222')
    await expect(pull(poor)).rejects.toThrow(/assumed-role\/poor\/session .*no identity-based policy/)
    await eventually(() => pull(reader))
  })

  test('is told why it may not', async () => {
    const from = `docker://${registry.uri}:none`
    const reading = skopeo('inspect', '--tls-verify=false', '--creds', 'AWS:wrong', from)
    await expect(reading).rejects.toThrow(/401|unauthorized|invalid username\/password/i)
    await expect(skopeo('inspect', '--tls-verify=false', '--creds', creds(), from)).rejects.toThrow(
      /manifest unknown|does not exist/,
    )
    const file = await archive('slipway-test/skopeo:2')
    const foreign = `docker://${registry.uri.replace(slipway.account, '999999999999')}:1`
    await expect(skopeo('copy', ...up(), `docker-archive:${file}`, foreign)).rejects.toThrow(
      /denied|not authorized|403 \(Forbidden\)/i,
    )
  })
})

describe('the registry client', () => {
  test('resolves what was pushed', async () => {
    const pushed = images.image({ labels: { by: 'push-image' } })
    const repository = registry.uri.slice(registry.uri.indexOf('/') + 1)
    const reference = await pushImage(pushed, {
      url: slipway.url,
      repository,
      tag: 'own',
      credentials: registry.credentials,
    })
    const client = createRegistryClient()
    const options = { platform: { os: 'linux', architecture: 'x86_64' }, signal: AbortSignal.timeout(20_000) }
    try {
      const resolved = await client.resolveImage(`${registry.uri}:own`, {
        ...options,
        credentials: registry.credentials,
      })
      expect(resolved).toMatchObject({ reference, digest: pushed.digest, labels: { by: 'push-image' } })
      const wrong = { username: 'AWS', password: 'wrong' }
      await expect(
        client.resolveImage(`${registry.uri}:own`, { ...options, credentials: wrong }),
      ).rejects.toMatchObject({
        reason: 'unauthorized',
      })
      await expect(
        client.resolveImage(`${registry.uri}:none`, { ...options, credentials: registry.credentials }),
      ).rejects.toMatchObject({ reason: 'not-found' })
    } finally {
      await client.close()
    }
  })
})

describe.each(ENGINES)('docker push and pull with %s', (kind) => {
  test.skipIf(lacksEngine(kind))('take a repositoryUri as it stands', async () => {
    const { socket } = await sharedEngine(kind)
    const config = join(directory.path, `config-${kind}`)
    await mkdir(config)
    const env = { DOCKER_HOST: socket.startsWith('unix:') ? socket : `unix://${socket}`, DOCKER_CONFIG: config }
    const docker = (...args: readonly string[]) => run('docker', args, env)
    const { username, password } = registry.credentials
    const host = registry.uri.split('/')[0] as string
    if (kind === 'docker') await docker('login', '--username', username, '--password', password, host)
    else {
      // Podman's service only ever asks https whether a login is good.
      const auths = { [host]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } }
      await writeFile(join(config, 'config.json'), JSON.stringify({ auths }))
    }
    const reference = `${registry.uri}:${kind}`
    const remove = () => docker('rmi', '--force', reference).catch(() => '')
    try {
      await docker('load', '--input', await archive(reference))
      await docker('push', reference)
      const pushed = await ecrCall(slipway, 'DescribeImages', {
        repositoryName: 'clients/model',
        imageIds: [{ imageTag: kind }],
      })
      const [{ imageDigest }] = pushed.imageDetails as [{ imageDigest: string }]
      await remove()
      await docker('pull', reference)
      expect(await docker('inspect', '--format', '{{.RepoDigests}}', reference)).toContain(
        `${registry.uri}@${imageDigest}`,
      )
      await docker('pull', `${registry.uri}@${imageDigest}`)
      // Pushed a second time, all layers are there already.
      expect(await docker('push', reference)).toBeDefined()
      await expect(docker('pull', `${registry.uri}:none`)).rejects.toThrow(/not found|unknown|does not exist/i)
    } finally {
      await remove()
    }
  })
})
