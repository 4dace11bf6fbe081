import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../../test/support/databases.ts'
import {
  ACCOUNT,
  ECR_IMAGE,
  REGION,
  refusal,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../../test/support/sagemaker-service.ts'

const ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`
const MODEL = `${ARN}:model/tagged`

describe.each(testStores)('tags on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    await service.call('CreateModel', {
      ModelName: 'Tagged',
      PrimaryContainer: { Image: ECR_IMAGE },
      Tags: [{ Key: 'owner', Value: 'a' }],
    })
    await service.call('CreateModelPackageGroup', { ModelPackageGroupName: 'Group' })
    await service.call('CreateModelPackage', { ModelPackageGroupName: 'Group' })
    await service.call('CreateEndpointConfig', {
      EndpointConfigName: 'Config',
      ProductionVariants: [
        { VariantName: 'A', ModelName: 'Tagged', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
      ],
    })
    await service.call('CreateEndpoint', { EndpointName: 'Endpoint', EndpointConfigName: 'Config' })
    await service.call('CreateModelPackage', {
      ModelPackageName: 'Product',
      InferenceSpecification: {
        Containers: [{ Image: ECR_IMAGE }],
        SupportedTransformInstanceTypes: ['ml.m5.large'],
        SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large'],
      },
      Tags: [{ Key: 'p', Value: 'q' }],
    })
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const add = (ResourceArn: string, tags: Readonly<Record<string, string>>) =>
    service.call('AddTags', { ResourceArn, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) })
  const list = async (ResourceArn: string) => (await service.call('ListTags', { ResourceArn })).Tags

  it('given at creation are there, are set by key, and removed by key', async () => {
    expect(await list(MODEL)).toEqual([{ Key: 'owner', Value: 'a' }])
    expect((await add(`${ARN}:model/TAGGED`, { owner: 'b', Team: '' })).Tags).toHaveLength(2)
    expect(await list(MODEL)).toEqual(
      expect.arrayContaining([
        { Key: 'owner', Value: 'b' },
        { Key: 'Team', Value: '' },
      ]),
    )
    expect(await service.call('DeleteTags', { ResourceArn: MODEL, TagKeys: ['owner', 'absent'] })).toEqual({})
    expect(await list(MODEL)).toEqual([{ Key: 'Team', Value: '' }])
  })

  it.each(['endpoint/endpoint', 'endpoint-config/config', 'model-package-group/group', 'model-package/product'])(
    'are kept for %s',
    async (resource) => {
      await add(`${ARN}:${resource}`, { k: 'v' })
      expect(await list(`${ARN}:${resource}`)).toContainEqual({ Key: 'k', Value: 'v' })
    },
  )

  it('are at most 50, also when they come from many sides at once', async () => {
    const group = `${ARN}:model-package-group/group`
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, side) =>
        add(group, Object.fromEntries(Array.from({ length: 6 }, (_unused, index) => [`${side}-${index}`, 'v']))),
      ),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(2)
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'ValidationException',
        message: expect.stringContaining('more than 50 tags'),
      })
    }
    expect((await list(group))?.length).toBeLessThanOrEqual(50)
  })

  it.each([
    [MODEL, { 'aws:x': 'v' }, 'aws: prefixed tag key names are not allowed'],
    [MODEL, { 'AWS:x': 'v' }, 'aws: prefixed tag key names are not allowed'],
    [`${ARN}:model-package/group/1`, { a: 'b' }, 'Tags are not supported on the model package version'],
    [`${ARN}:model/none`, { a: 'b' }, `Could not find model "${ARN}:model/none".`],
    [`${ARN}:endpoint/none`, { a: 'b' }, `Could not find endpoint "${ARN}:endpoint/none".`],
    [`${ARN}:endpoint-config/none`, { a: 'b' }, `Could not find endpoint configuration "${ARN}:endpoint-config/none".`],
    [`${ARN}:model-package-group/none`, {}, `ModelPackageGroup ${ARN}:model-package-group/none does not exist.`],
    [`${ARN}:model-package/none`, {}, `ModelPackage ${ARN}:model-package/none does not exist.`],
    [`${ARN}:training-job/x`, {}, 'Could not find resource'],
    [`${ARN}:constructor/x`, {}, 'Could not find resource'],
    [`${ARN}:model`, {}, 'Could not find resource'],
    [`arn:aws:sagemaker:${REGION}:999999999999:model/x`, {}, 'AccessDeniedException'],
  ])('are refused: %s %j', async (arn, tags, message) => {
    expect(await refusal(add(arn, tags))).toContain(message)
  })

  it('of a resource that does not exist are not listed or removed', async () => {
    const missing = `ValidationException: Could not find model "${ARN}:model/none".`
    expect(await refusal(list(`${ARN}:model/none`))).toBe(missing)
    const removal = service.call('DeleteTags', { ResourceArn: `${ARN}:model/none`, TagKeys: ['a'] })
    expect(await refusal(removal)).toBe(missing)
  })

  it('given twice in one request are refused', async () => {
    const twice = [
      { Key: 'a', Value: '1' },
      { Key: 'a', Value: '2' },
    ]
    expect(await refusal(service.call('AddTags', { ResourceArn: MODEL, Tags: twice }))).toContain('Duplicate tag keys')
  })

  it('go with their resource', async () => {
    await service.call('DeleteModel', { ModelName: 'Tagged' })
    await service.call('CreateModel', { ModelName: 'Tagged', PrimaryContainer: { Image: ECR_IMAGE } })
    expect(await list(MODEL)).toEqual([])
  })
})
