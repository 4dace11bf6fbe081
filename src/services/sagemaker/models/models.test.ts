import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../../test/support/databases.ts'
import {
  ACCOUNT,
  ECR_IMAGE,
  REGION,
  ROLE,
  refusal,
  root,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../../test/support/sagemaker-service.ts'
import type { ContainerDefinition, CreateModelInput } from '../../../model/generated/sagemaker.ts'
import { findModel } from './model-store.ts'

const ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`
const DATA = 's3://models/iris.tar.gz'
const PRIVATE_IMAGE = 'registry.example.com/team/iris:1'
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:SageMakerLogin`
const vpcConfig = { SecurityGroupIds: ['sg-1'], Subnets: ['subnet-1'] }
const vpc = {
  RepositoryAccessMode: 'Vpc' as const,
  RepositoryAuthConfig: { RepositoryCredentialsProviderArn: FUNCTION },
}
const NO_ACCESS =
  'Please ensure that the role "arn:aws:iam::123456789012:role/SageMakerExecutionRole" exists and that its trust ' +
  'relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ' +
  'ensure that the role has "s3:GetObject" permissions and that the object is located in us-east-1. If your Model uses ' +
  'multiple models or uncompressed models, please ensure that the role has "s3:ListBucket" permission.'

describe.each(testStores)('models on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  let counter = 0
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    service.objects.set('models/files/weights', 'e2').set('models/iris', 'e3')
    await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Iris' })
    for (const status of ['Approved', 'Rejected', undefined] as const) {
      await service.call('CreateModelPackage', {
        ModelPackageGroupName: 'Iris',
        ModelApprovalStatus: status,
        InferenceSpecification: {
          Containers: [{ Image: PRIVATE_IMAGE, ModelDataUrl: DATA, Environment: { A: '1', B: '2' } }],
        },
        AdditionalInferenceSpecifications: [{ Name: 'gpu', Containers: [{ Image: ECR_IMAGE }] }],
      })
    }
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const createModel = async (input: Partial<CreateModelInput>) => {
    const name = input.ModelName ?? `m-${counter++}`
    await service.call('CreateModel', { ExecutionRoleArn: ROLE, ...input, ModelName: name })
    return service.call('DescribeModel', { ModelName: name })
  }
  const primary = (container: ContainerDefinition, more: Partial<CreateModelInput> = {}) =>
    createModel({ PrimaryContainer: container, ...more })

  it('of several containers say whether requests go through all of them or to one', async () => {
    const named = (...names: (string | undefined)[]) =>
      names.map((name) => ({ Image: ECR_IMAGE, ContainerHostname: name }))
    const direct = { Mode: 'Direct' } as const
    const model = await createModel({ Containers: named('a', 'b'), InferenceExecutionConfig: direct })
    expect(model).toMatchObject({ InferenceExecutionConfig: direct, Containers: named('a', 'b') })
    const several =
      'ValidationException: InferenceExecutionConfig Mode Direct requires a model with 2 to 15 containers.'
    for (const input of [{ Containers: named('a') }, { PrimaryContainer: { Image: ECR_IMAGE } }])
      expect(await refusal(createModel({ ...input, InferenceExecutionConfig: direct }))).toBe(several)
    expect(
      await refusal(createModel({ Containers: named(undefined, undefined), InferenceExecutionConfig: direct })),
    ).toBe(
      'ValidationException: ContainerHostname must be specified for all containers when InferenceExecutionConfig Mode is Direct.',
    )
    expect(await createModel({ Containers: named(undefined, undefined) })).toMatchObject({
      Containers: [{ Image: ECR_IMAGE }, { Image: ECR_IMAGE }],
    })
  })

  it('are created from an image, described and deleted', async () => {
    const model = await primary(
      { Image: ECR_IMAGE, ModelDataUrl: DATA, Environment: { A: '1' } },
      { ModelName: 'First' },
    )
    expect(model).toMatchObject({
      ModelName: 'First',
      ModelArn: `${ARN}:model/first`,
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: ECR_IMAGE, Mode: 'SingleModel', ModelDataUrl: DATA, Environment: { A: '1' } },
      EnableNetworkIsolation: false,
    })
    expect(model.Containers).toBeUndefined()
    await service.call('DeleteModel', { ModelName: 'First' })
    const missing = `ValidationException: Could not find model "${ARN}:model/first".`
    expect(await refusal(service.call('DescribeModel', { ModelName: 'First' }))).toBe(missing)
    expect(await refusal(service.call('DeleteModel', { ModelName: 'First' }))).toBe(missing)
  })

  it('of one name created at the same moment: one is made', async () => {
    const results = await Promise.allSettled(
      ['Same', 'same', 'SAME'].map((ModelName) => primary({ Image: ECR_IMAGE }, { ModelName })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      expect(result.reason.message).toBe(`Cannot create already existing model "${ARN}:model/same".`)
    }
  })

  describe('from a registered version', () => {
    const fromVersion = (entry: Partial<ContainerDefinition>) =>
      createModel({
        Containers: [{ ModelPackageName: `${ARN}:model-package/iris/1`, ImageConfig: vpc, ...entry }],
        VpcConfig: vpcConfig,
      })

    it('keep what the version said, with the environment laid over it', async () => {
      const model = await fromVersion({ ModelPackageName: 'Iris/1', Environment: { B: '3', C: '4' } })
      expect(model.Containers).toEqual([
        {
          ModelPackageName: `${ARN}:model-package/iris/1`,
          Image: PRIVATE_IMAGE,
          ImageConfig: vpc,
          Mode: 'SingleModel',
          ModelDataUrl: DATA,
          Environment: { A: '1', B: '3', C: '4' },
        },
      ])
    })

    it('hold containers that hosting can use without the version', async () => {
      const { ModelName: name } = await fromVersion({})
      const row = await findModel(service.database, { account: ACCOUNT, region: REGION }, name)
      expect(JSON.parse(row?.containers ?? '')).toEqual([
        {
          image: PRIVATE_IMAGE,
          repositoryAccessMode: 'Vpc',
          credentialsProviderArn: FUNCTION,
          modelData: { uri: DATA, form: 'archive' },
          environment: { A: '1', B: '2' },
          modelPackageArn: `${ARN}:model-package/iris/1`,
        },
      ])
    })

    it('use the specification that is named', async () => {
      const model = await createModel({
        PrimaryContainer: { ModelPackageName: 'Iris/1', InferenceSpecificationName: 'gpu' },
      })
      expect(model.PrimaryContainer).toMatchObject({ Image: ECR_IMAGE, InferenceSpecificationName: 'gpu' })
    })

    it.each([
      [
        { ModelPackageName: 'Iris/2' },
        'must be in Approved status to create a model from it. Its ModelApprovalStatus is Rejected.',
      ],
      [{ ModelPackageName: 'Iris/3' }, 'Its ModelApprovalStatus is PendingManualApproval.'],
      [{ ModelPackageName: 'Iris/9' }, `ValidationException: ModelPackage ${ARN}:model-package/iris/9 does not exist.`],
      [{ InferenceSpecificationName: 'tpu' }, 'has no AdditionalInferenceSpecification with the name "tpu"'],
      [
        { ImageConfig: undefined },
        `Using non-ECR image "${PRIVATE_IMAGE}" without Vpc repository access mode is not supported.`,
      ],
      [
        { ModelPackageName: `arn:aws:sagemaker:${REGION}:999999999999:model-package/iris/1` },
        'is not authorized to perform: sagemaker:CreateModel on resource',
      ],
      [
        { Image: ECR_IMAGE },
        'ValidationException: Specify one of either Image and Model Data URL or ModelPackageName in container definition.',
      ],
      [
        { ModelDataUrl: DATA },
        'ValidationException: Specify one of either Image and Model Data URL or ModelPackageName in container definition.',
      ],
    ])('are refused with %j', async (entry, message) => {
      expect(await refusal(fromVersion(entry))).toContain(message)
    })
  })

  it('with several containers are pipelines', async () => {
    const model = await createModel({
      Containers: [{ Image: ECR_IMAGE }, { Image: ECR_IMAGE, Environment: { A: '1' } }],
    })
    expect(model.Containers).toHaveLength(2)
    expect(model.PrimaryContainer).toBeUndefined()
  })

  describe('images', () => {
    it('of registries that the configuration lists are the platform’s own', async () => {
      await primary({ Image: 'registry.team.example:5000/iris:1' })
    })

    it('of a private registry need Vpc mode and a VpcConfig', async () => {
      await primary({ Image: PRIVATE_IMAGE, ImageConfig: vpc }, { VpcConfig: vpcConfig })
      await primary({ Image: 'iris', ImageConfig: { RepositoryAccessMode: 'Vpc' } }, { VpcConfig: vpcConfig })
    })

    it.each([
      [
        { Image: PRIVATE_IMAGE },
        `Using non-ECR image "${PRIVATE_IMAGE}" without Vpc repository access mode is not supported.`,
      ],
      [
        { Image: PRIVATE_IMAGE, ImageConfig: { RepositoryAccessMode: 'Platform' as const } },
        `Using non-ECR image "${PRIVATE_IMAGE}" without Vpc`,
      ],
      [{ Image: 'public.ecr.aws/x/y:1' }, 'Using non-ECR image "public.ecr.aws/x/y:1" without Vpc'],
      [{ Image: PRIVATE_IMAGE, ImageConfig: vpc }, 'VpcConfig must be specified'],
      [
        { Image: ECR_IMAGE, ImageConfig: { ...vpc, RepositoryAccessMode: 'Platform' as const } },
        'RepositoryAuthConfig can only',
      ],
      [{ Image: 'a@sha256:12' }, '"a@sha256:12" is not a valid image reference.'],
      [{ Image: `${ECR_IMAGE}:2` }, 'is not a valid image reference.'],
      [{}, 'Specify one of either Image and Model Data URL or ModelPackageName in container definition.'],
      [
        { Image: ECR_IMAGE, InferenceSpecificationName: 'x' },
        'InferenceSpecificationName can only be specified together',
      ],
      [
        { Image: ECR_IMAGE, Mode: 'MultiModel' as const },
        'NotImplemented: A container in MultiModel mode is not implemented',
      ],
    ])('are refused: %j', async (container, message) => {
      expect(await refusal(primary(container))).toContain(message)
    })

    it('whose provider is no function are refused', async () => {
      const config = { ...vpc, RepositoryAuthConfig: { RepositoryCredentialsProviderArn: 'login' } }
      expect(await refusal(primary({ Image: PRIVATE_IMAGE, ImageConfig: config }, { VpcConfig: vpcConfig }))).toContain(
        '"login" is not the ARN of a Lambda function.',
      )
    })
  })

  describe('model data', () => {
    const source = (
      S3Uri: string,
      S3DataType: 'S3Prefix' | 'S3Object',
      CompressionType: 'None' | 'Gzip',
      more = {},
    ) => ({
      Image: ECR_IMAGE,
      ModelDataSource: { S3DataSource: { S3Uri, S3DataType, CompressionType, ...more } },
    })

    it('may be an archive, an object or a prefix', async () => {
      for (const container of [
        source('s3://models/files/', 'S3Prefix', 'None'),
        source('s3://models/iris', 'S3Object', 'None', { ETag: '"e3"' }),
        source(DATA, 'S3Object', 'Gzip'),
      ]) {
        const model = await primary(container)
        expect(model.PrimaryContainer).toMatchObject(container)
        expect(model.PrimaryContainer?.ModelDataUrl).toBeUndefined()
      }
    })

    it.each([
      [
        'an object that is not there',
        { Image: ECR_IMAGE, ModelDataUrl: 's3://models/none.tar.gz' },
        's3://models/none.tar.gz',
      ],
      ['a prefix with nothing under it', source('s3://models/none/', 'S3Prefix', 'None'), 's3://models/none/'],
      ['another ETag', source(DATA, 'S3Object', 'Gzip', { ETag: 'e9' }), DATA],
    ])('is refused: %s', async (_, container, url) => {
      expect(await refusal(primary(container))).toBe(
        `ValidationException: Could not access model data at ${url}. ${NO_ACCESS}`,
      )
    })

    it.each([
      ['both forms', { ...source(DATA, 'S3Object', 'Gzip'), ModelDataUrl: DATA }, 'Specify only one of ModelDataUrl'],
      [
        'a compressed prefix',
        source('s3://models/files/', 'S3Prefix', 'Gzip'),
        'CompressionType Gzip is not supported',
      ],
      ['a prefix without its slash', source('s3://models/files', 'S3Prefix', 'None'), 'must end with "/"'],
      ['a bucket alone', { Image: ECR_IMAGE, ModelDataUrl: 's3://models' }, 'does not name an object'],
      ['another web server', { Image: ECR_IMAGE, ModelDataUrl: 'https://example.com/a' }, 'does not name an object'],
      ['a hub', source(DATA, 'S3Object', 'Gzip', { HubAccessConfig: {} }), 'NotImplemented: HubAccessConfig'],
      [
        'more sources',
        {
          Image: ECR_IMAGE,
          AdditionalModelDataSources: [
            {
              ChannelName: 'draft',
              S3DataSource: { S3Uri: DATA, S3DataType: 'S3Object' as const, CompressionType: 'Gzip' as const },
            },
          ],
        },
        'NotImplemented: AdditionalModelDataSources',
      ],
    ])('is refused: %s', async (_, container, message) => {
      expect(await refusal(primary(container))).toContain(message)
    })
  })

  describe('roles', () => {
    it('that do not exist are refused', async () => {
      const role = `arn:aws:iam::${ACCOUNT}:role/Nobody`
      expect(await refusal(primary({ Image: ECR_IMAGE }, { ExecutionRoleArn: role }))).toBe(
        `ValidationException: The execution role ARN "${role}" is invalid. Please ensure that the role exists and that ` +
          'its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".',
      )
    })

    it('of another account are refused', async () => {
      const role = 'arn:aws:iam::999999999999:role/Theirs'
      expect(await refusal(primary({ Image: ECR_IMAGE }, { ExecutionRoleArn: role }))).toBe(
        'AccessDeniedException: Cross-account pass role is not allowed.',
      )
    })

    it('may be left out where nothing needs one', async () => {
      await primary({ Image: ECR_IMAGE }, { ExecutionRoleArn: undefined })
      const data = { Image: ECR_IMAGE, ModelDataUrl: DATA }
      expect(await refusal(primary(data, { ExecutionRoleArn: undefined }))).toContain(
        'ExecutionRoleArn must be specified',
      )
    })
  })

  it('a refused model leaves nothing behind', async () => {
    const bad = { Tags: [{ Key: 'aws:x', Value: '' }], ModelName: 'Half' }
    expect(await refusal(primary({ Image: ECR_IMAGE }, bad))).toContain('aws: prefixed tag key names are not allowed')
    expect(await refusal(service.call('DescribeModel', { ModelName: 'Half' }))).toContain('Could not find model')
  })

  it('are listed newest first, by account', async () => {
    const { Models: models } = await service.call('ListModels', { MaxResults: 100 })
    const times = models.map((one) => one.CreationTime)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const byName = await service.call('ListModels', {
      SortBy: 'Name',
      SortOrder: 'Ascending',
      NameContains: 'M-',
      MaxResults: 100,
    })
    const names = byName.Models.map((one) => one.ModelName)
    expect(names).toEqual(names.toSorted())
    expect(names.length).toBeGreaterThan(5)
    expect((await service.call('ListModels', {}, { principal: root('999999999999') })).Models).toEqual([])
  })
})
