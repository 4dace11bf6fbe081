import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { apiCall, rawCall } from '../support/api-call.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { openRegistry } from '../support/image-registry.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const ACCOUNT = '123456789012'
const REPOSITORY = `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/team/own`
const OBJECT = 'arn:aws:s3:::models/model.tar.gz'
const WHY = /To see why: slipway explain [0-9a-f-]{36}$/
const document = (...statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })

/** Everything that a model's execution role does before its container runs. */
const RIGHTS = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  'ecr:BatchCheckLayerAvailability',
  's3:GetObject',
  'kms:Decrypt',
]

function archive(): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'weights' }, 'w')
  tar.finalize()
  return buffer(tar.pipe(createGzip()))
}

describe.skipIf(lacksEngine('docker'))('what an execution role may not do', () => {
  let hosting: HostingFixture
  let image: string
  let key: string
  beforeAll(async () => {
    hosting = await startHosting('docker')
    const repository = await openRegistry(hosting.slipway, 'team/own')
    image = `${repository.uri}:1`
    await pushImage(hosting.images.image(), {
      url: hosting.slipway.url,
      repository: repository.uri.slice(repository.uri.indexOf('/') + 1),
      tag: '1',
      credentials: repository.credentials,
    })
    const made = await apiCall(hosting.slipway, 'kms', 'TrentService.CreateKey', {})
    key = (made.KeyMetadata as { Arn: string }).Arn
    await hosting.api.createBucket('models')
    const put = await rawCall(hosting.slipway, 's3', {
      method: 'PUT',
      target: '/models/model.tar.gz',
      headers: { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key },
      body: await archive(),
    })
    expect(put.text).toBe('')
  })
  afterAll(() => hosting?.stop())

  const resourceOf = (action: string): string =>
    action === 'ecr:GetAuthorizationToken'
      ? '*'
      : { ecr: REPOSITORY, s3: OBJECT, kms: key }[action.split(':')[0] ?? '']!

  /** A grant of everything but one right. */
  const grant = (role: string, without?: string) =>
    hosting.api.iam('PutRolePolicy', {
      RoleName: role,
      PolicyName: 'rights',
      PolicyDocument: document(
        ...RIGHTS.filter((action) => action !== without).map((Action) => ({
          Effect: 'Allow',
          Action,
          Resource: resourceOf(Action),
        })),
      ),
    })

  async function createRole(name: string): Promise<string> {
    const trust = { Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }
    await hosting.api.iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: document(trust) })
    await grant(name)
    return `arn:aws:iam::${ACCOUNT}:role/${name}`
  }

  /** A model with an archive that is encrypted under a key, and the config of an endpoint for it. */
  async function createModel(name: string): Promise<void> {
    const { sagemaker } = hosting.api
    await sagemaker('CreateModel', {
      ModelName: name,
      ExecutionRoleArn: await createRole(name),
      PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/model.tar.gz' },
    })
    const variant = { VariantName: 'v', ModelName: name, InstanceType: 'ml.t2.medium', InitialInstanceCount: 1 }
    await sagemaker('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: [variant] })
  }
  const createEndpoint = (name: string) =>
    hosting.api.sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })

  it.each(RIGHTS)(
    'fails its endpoint, and succeeds when it is given back: %s',
    async (action) => {
      const name = action.replace(':', '-')
      await createModel(name)
      await grant(name, action)
      // Another worker may hear of it only after the endpoint has been brought up; then it is made again.
      const reason = await eventually(async () => {
        await createEndpoint(name)
        const { FailureReason } = await hosting.settled(name)
        if (FailureReason === undefined) await hosting.remove(name)
        expect(FailureReason).toBeDefined()
        return FailureReason ?? ''
      }, 30_000)
      expect(reason).toContain(
        `User: arn:aws:sts::${ACCOUNT}:assumed-role/${name}/SageMaker is not authorized to perform: ${action} on `,
      )
      expect(reason).toContain(resourceOf(action))
      const kind = action === 'kms:Decrypt' ? /no (identity|resource)-based policy/ : /no identity-based policy/
      expect(reason).toMatch(kind)
      expect(reason).toContain(`allows the ${action} action`)
      expect(reason).toMatch(WHY)
      expect(await hosting.containers(name)).toEqual([])
      await hosting.remove(name)

      await grant(name)
      await eventually(async () => {
        await createEndpoint(name)
        const { EndpointStatus } = await hosting.settled(name)
        if (EndpointStatus !== 'InService') await hosting.remove(name)
        expect(EndpointStatus).toBe('InService')
      }, 30_000)
      await hosting.remove(name)
    },
    120_000,
  )

  it('is told when the model is created, if its data may not be seen', async () => {
    const role = await createRole('blind')
    await grant('blind', 's3:GetObject')
    const create = hosting.api.sagemaker('CreateModel', {
      ModelName: 'blind',
      ExecutionRoleArn: role,
      PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/model.tar.gz' },
    })
    await expect(create).rejects.toThrow(/Could not access model data at s3:.*s3:GetObject.*slipway explain/s)
    await expect(hosting.api.sagemaker('DescribeModel', { ModelName: 'blind' })).rejects.toThrow('Could not find model')
  })

  it('costs an endpoint its log and nothing else, and is told of once', async () => {
    const name = 'mute'
    await createModel(name)
    await createEndpoint(name)
    expect(await hosting.settled(name)).toMatchObject({ EndpointStatus: 'InService' })
    const group = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/sagemaker/Endpoints/${name}`
    const remedy = `let the role do logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents on ${group}:*`
    const told = () => hosting.slipway.process.output().split(remedy).length - 1
    await eventually(() => expect(told()).toBe(1))
    expect((await hosting.api.invoke(name, { body: 'x' })).status).toBe(200)
    await expect(hosting.printed(name)).rejects.toThrow(/does not exist/)
    const PolicyDocument = document({ Effect: 'Allow', Action: 'logs:*', Resource: '*' })
    await hosting.api.iam('PutRolePolicy', { RoleName: name, PolicyName: 'logs', PolicyDocument })
    await eventually(async () => {
      await hosting.api.invoke(name, { commands: 'stdout=heard' })
      expect(await hosting.printed(name)).toContain('heard')
    })
    expect(told()).toBe(1)
    await hosting.remove(name)
  })

  let tries = 0
  it.each(['ecr:BatchGetImage', 's3:GetObject', 'kms:Decrypt'])(
    'keeps a replacement from starting until it is given back: %s',
    async (action) => {
      const name = `recovers-${action.split(':')[0]}-${++tries}`
      await createModel(name)
      await createEndpoint(name)
      expect(await hosting.settled(name)).toMatchObject({ EndpointStatus: 'InService' })

      await grant(name, action)
      await eventually(async () => {
        // One that was started before the change was heard of goes too.
        for (const { id } of await hosting.containers(name)) await hosting.kill(id)
        const said = hosting.slipway.process.output()
        expect(said).toContain(`assumed-role/${name}/SageMaker is not authorized to perform: ${action}`)
        expect(await hosting.containers(name)).toEqual([])
      }, 30_000)
      const described = await hosting.describe(name)
      expect(described).toMatchObject({
        EndpointStatus: 'InService',
        ProductionVariants: [{ CurrentInstanceCount: 0 }],
      })
      expect((await hosting.api.invoke(name)).status).toBe(503)

      await grant(name)
      await eventually(async () => {
        const { status, body } = await hosting.api.invoke(name, { body: 'again' })
        expect([status, body]).toEqual([200, 'again'])
      }, 60_000)
      await hosting.remove(name)
    },
    120_000,
  )
})
