import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { openRegistry } from '../support/image-registry.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const ACCOUNT = '123456789012'
const REPOSITORY = `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/team/own`
const WHY = /To see why: slipway explain [0-9a-f-]{36}$/
const document = (...statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })

/** Everything that a model's execution role does, and on what. */
const RIGHTS = [
  ['ecr:GetAuthorizationToken', '*'],
  ['ecr:BatchGetImage', REPOSITORY],
  ['ecr:GetDownloadUrlForLayer', REPOSITORY],
  ['ecr:BatchCheckLayerAvailability', REPOSITORY],
] as const

describe.skipIf(lacksEngine('docker'))('what an execution role may not do', () => {
  let hosting: HostingFixture
  let image: string
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
  })
  afterAll(() => hosting?.stop())

  const grant = (role: string, without?: string) =>
    hosting.api.iam('PutRolePolicy', {
      RoleName: role,
      PolicyName: 'rights',
      PolicyDocument: document(
        ...RIGHTS.filter(([action]) => action !== without).map(([Action, Resource]) => ({
          Effect: 'Allow',
          Action,
          Resource,
        })),
      ),
    })

  async function createRole(name: string, without?: string): Promise<string> {
    const trust = { Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }
    await hosting.api.iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: document(trust) })
    await grant(name, without)
    return `arn:aws:iam::${ACCOUNT}:role/${name}`
  }

  async function createEndpoint(name: string, role: string): Promise<void> {
    const { sagemaker } = hosting.api
    await sagemaker('CreateModel', { ModelName: name, ExecutionRoleArn: role, PrimaryContainer: { Image: image } })
    const variant = { VariantName: 'v', ModelName: name, InstanceType: 'ml.t2.medium', InitialInstanceCount: 1 }
    await sagemaker('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: [variant] })
    await sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name })
  }

  it.each(RIGHTS)('fails its endpoint: %s', async (action, resource) => {
    const name = action.replace(':', '-')
    await createEndpoint(name, await createRole(name, action))
    const { EndpointStatus, FailureReason = '' } = await hosting.settled(name)
    expect(EndpointStatus).toBe('Failed')
    expect(FailureReason).toContain(
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/${name}/SageMaker is not authorized to perform: ${action} on ` +
        `resource: ${resource} because no identity-based policy allows the ${action} action`,
    )
    expect(FailureReason).toMatch(WHY)
    expect(await hosting.containers(name)).toEqual([])
    await hosting.remove(name)
  })

  it('keeps a replacement from starting, until it is given back', async () => {
    const name = 'recovers'
    await createEndpoint(name, await createRole(name))
    expect(await hosting.settled(name)).toMatchObject({ EndpointStatus: 'InService' })

    await grant(name, 'ecr:BatchGetImage')
    await eventually(async () => {
      // One that was started before the change was heard of goes too.
      for (const { id } of await hosting.containers(name)) await hosting.kill(id)
      const said = hosting.slipway.process.output()
      expect(said).toMatch(/instance failed.*recovers|recovers.*instance failed/)
      expect(said).toContain(`assumed-role/${name}/SageMaker is not authorized to perform: ecr:BatchGetImage`)
    }, 30_000)
    const described = await hosting.describe(name)
    expect(described).toMatchObject({ EndpointStatus: 'InService', ProductionVariants: [{ CurrentInstanceCount: 0 }] })
    expect((await hosting.api.invoke(name)).status).toBe(503)
    expect(await hosting.containers(name)).toEqual([])

    await grant(name)
    await eventually(async () => {
      const { status, body } = await hosting.api.invoke(name, { body: 'again' })
      expect([status, body]).toEqual([200, 'again'])
    }, 60_000)
    await hosting.remove(name)
  }, 120_000)
})
