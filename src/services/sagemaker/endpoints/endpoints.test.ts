import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import {
  ACCOUNT,
  ECR_IMAGE,
  REGION,
  ROLE,
  refusal,
  startSagemaker,
  type TestSagemaker,
  testStores,
} from '../../../../test/support/sagemaker-service.ts'
import type {
  CreateEndpointConfigInput,
  EndpointStatus,
  ProductionVariant,
} from '../../../model/generated/sagemaker.ts'
import { endpointWrites } from '../hosting/endpoint-state.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import { findEndpoint, findVariants } from './endpoint-store.ts'

const ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`
const scope = { account: ACCOUNT, region: REGION }
const variant: ProductionVariant = {
  VariantName: 'AllTraffic',
  ModelName: 'Iris',
  InstanceType: 'ml.m5.large',
  InitialInstanceCount: 1,
}

describe.each(testStores)('endpoints on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  const changes: string[] = []
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    service.deps.changeFeed.subscribe('endpoints', (key) => changes.push(key))
    const container = { Image: ECR_IMAGE, ModelDataUrl: 's3://models/iris.tar.gz' }
    await service.call('CreateModel', { ModelName: 'Iris', ExecutionRoleArn: ROLE, PrimaryContainer: container })
    await service.call('CreateModel', { ModelName: 'Line', Containers: [{ Image: ECR_IMAGE }, { Image: ECR_IMAGE }] })
    await createConfig('Config')
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const createConfig = (name: string, input: Partial<CreateEndpointConfigInput> = {}) =>
    service.call('CreateEndpointConfig', { ProductionVariants: [variant], ...input, EndpointConfigName: name })
  const createEndpoint = (name: string, config = 'Config', input = {}) =>
    service.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: config, ...input })
  const describeEndpoint = (name: string) => service.call('DescribeEndpoint', { EndpointName: name })
  const rowOf = (name: string) => findEndpoint(service.database, { ...scope, name_key: name.toLowerCase() })
  /** As the controller would. */
  const setStatus = (name: string, status: EndpointStatus, reason: string | null = null) =>
    service.database.commit([
      {
        query: service.database.query
          .updateTable('endpoints')
          .set({ status, failure_reason: reason })
          .where('name_key', '=', name.toLowerCase())
          .compile(),
      },
    ])
  const workItems = () => service.database.query.selectFrom('work_items').selectAll().execute()

  describe('configs', () => {
    it('are shown as they were given, with the default weight', async () => {
      const { EndpointConfigArn: arn } = await createConfig('Shown', {
        KmsKeyId: 'key',
        ProductionVariants: [
          { ...variant, VolumeSizeInGB: 5, RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } },
        ],
      })
      expect(arn).toBe(`${ARN}:endpoint-config/shown`)
      const shown = await service.call('DescribeEndpointConfig', { EndpointConfigName: 'Shown' })
      expect(shown).toMatchObject({ EndpointConfigName: 'Shown', EndpointConfigArn: arn, KmsKeyId: 'key' })
      expect(shown.ProductionVariants).toEqual([
        {
          ...variant,
          VolumeSizeInGB: 5,
          InitialVariantWeight: 1,
          RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
        },
      ])
    })

    it('have one owner for each name', async () => {
      const results = await Promise.allSettled(['Twin', 'twin'].map((name) => createConfig(name)))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await refusal(createConfig('TWIN'))).toBe(
        `ValidationException: Cannot create already existing endpoint configuration "${ARN}:endpoint-config/twin".`,
      )
    })

    it('are listed and deleted', async () => {
      await createConfig('Gone')
      const listed = await service.call('ListEndpointConfigs', { NameContains: 'gon' })
      expect(listed.EndpointConfigs).toMatchObject([{ EndpointConfigName: 'Gone' }])
      await service.call('DeleteEndpointConfig', { EndpointConfigName: 'Gone' })
      const missing = `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/gone".`
      expect(await refusal(service.call('DescribeEndpointConfig', { EndpointConfigName: 'Gone' }))).toBe(missing)
      expect(await refusal(service.call('DeleteEndpointConfig', { EndpointConfigName: 'Gone' }))).toBe(missing)
    })

    it('of a model that does not exist are refused', async () => {
      const bad = createConfig('bad', { ProductionVariants: [{ ...variant, ModelName: 'none' }] })
      expect(await refusal(bad)).toBe(`ValidationException: Could not find model "${ARN}:model/none".`)
    })
  })

  describe('creation', () => {
    it('stores what is wanted, enqueues the work and announces the change in one unit', async () => {
      expect(await createEndpoint('Made')).toEqual({ EndpointArn: `${ARN}:endpoint/made` })
      expect(await workItems()).toMatchObject([{ kind: 'endpoint', key: `${ACCOUNT}/${REGION}/made` }])
      await eventually(() => expect(changes).toContain(`${ACCOUNT}/${REGION}/made`))
      const described = await describeEndpoint('Made')
      expect(described).toMatchObject({
        EndpointName: 'Made',
        EndpointConfigName: 'Config',
        EndpointStatus: 'Creating',
        PendingDeploymentSummary: {
          EndpointConfigName: 'Config',
          ProductionVariants: [
            { VariantName: 'AllTraffic', DesiredWeight: 1, DesiredInstanceCount: 1, InstanceType: 'ml.m5.large' },
          ],
        },
      })
      expect(described.ProductionVariants).toBeUndefined()
    })

    it('takes a snapshot of the config and the models', async () => {
      await createConfig('Brief')
      await service.call('CreateModel', { ModelName: 'Brief', PrimaryContainer: { Image: ECR_IMAGE } })
      await createConfig('BriefConfig', {
        ProductionVariants: [
          { ...variant, ModelName: 'Brief', ContainerStartupHealthCheckTimeoutInSeconds: 90 },
          { ...variant, VariantName: 'B', InitialVariantWeight: 0.5, InitialInstanceCount: 2 },
        ],
      })
      await createEndpoint('Snap', 'BriefConfig')
      await service.call('DeleteModel', { ModelName: 'Brief' })
      await service.call('DeleteEndpointConfig', { EndpointConfigName: 'BriefConfig' })
      const row = await rowOf('Snap')
      const spec = JSON.parse(row?.spec ?? '') as EndpointSpec
      expect(spec.variants).toMatchObject([
        {
          name: 'AllTraffic',
          modelName: 'Brief',
          instanceType: 'ml.m5.large',
          containers: [{ image: ECR_IMAGE }],
          startupHealthCheckSeconds: 90,
          routingStrategy: 'RANDOM',
          networkIsolation: false,
        },
        { name: 'B', modelName: 'Iris', executionRoleArn: ROLE, containers: [{ modelData: { form: 'archive' } }] },
      ])
      expect(await findVariants(service.database, { ...scope, name_key: 'snap' })).toMatchObject([
        { variant_name: 'AllTraffic', desired_weight: 1, desired_instance_count: 1, current_instance_count: null },
        { variant_name: 'B', desired_weight: 0.5, desired_instance_count: 2 },
      ])
      expect(await describeEndpoint('Snap')).toMatchObject({ EndpointConfigName: 'BriefConfig' })
    })

    it('of one name at the same moment: one is made, with one set of variants', async () => {
      const results = await Promise.allSettled(['Pair', 'PAIR', 'pair'].map((name) => createEndpoint(name)))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results) {
        if (result.status === 'fulfilled') continue
        expect(result.reason.message).toBe(`Cannot create already existing endpoint "${ARN}:endpoint/pair".`)
      }
      expect(await findVariants(service.database, { ...scope, name_key: 'pair' })).toHaveLength(1)
    })

    it('is refused without its config, its model, or over the quota, and leaves nothing', async () => {
      expect(await refusal(createEndpoint('None', 'NoConfig'))).toBe(
        `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/noconfig".`,
      )
      await service.call('CreateModel', { ModelName: 'Short', PrimaryContainer: { Image: ECR_IMAGE } })
      await createConfig('ShortConfig', { ProductionVariants: [{ ...variant, ModelName: 'Short' }] })
      await service.call('DeleteModel', { ModelName: 'Short' })
      expect(await refusal(createEndpoint('None', 'ShortConfig'))).toBe(
        `ValidationException: Could not find model "${ARN}:model/short".`,
      )
      await createConfig('Huge', {
        ProductionVariants: [{ ...variant, InstanceType: 'ml.c5.large', InitialInstanceCount: 21 }],
      })
      expect(await refusal(createEndpoint('None', 'Huge'))).toContain(
        "ResourceLimitExceeded: The account-level service limit 'ml.c5.large for endpoint usage' is 20 Instances, with " +
          'current utilization of 0 Instances and a request delta of 21 Instances.',
      )
      expect(await rowOf('None')).toBeUndefined()
      expect((await workItems()).map(({ key }) => key)).not.toContain(`${ACCOUNT}/${REGION}/none`)
    })

    it('keeps the deployment config, which names one policy', async () => {
      const blueGreen = {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE' as const, WaitIntervalInSeconds: 0 },
      }
      const rolling = { MaximumBatchSize: { Type: 'INSTANCE_COUNT' as const, Value: 1 }, WaitIntervalInSeconds: 0 }
      await createEndpoint('Deployed', 'Config', { DeploymentConfig: { BlueGreenUpdatePolicy: blueGreen } })
      expect(await describeEndpoint('Deployed')).toMatchObject({
        LastDeploymentConfig: { BlueGreenUpdatePolicy: blueGreen },
      })
      const both = { DeploymentConfig: { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } }
      expect(await refusal(createEndpoint('Both', 'Config', both))).toContain('Specify only one of')
      const CanarySize = { Type: 'CAPACITY_PERCENT' as const, Value: 51 }
      const routing = { Type: 'CANARY' as const, WaitIntervalInSeconds: 0 }
      for (const [sizes, sentence] of [
        [{}, 'CanarySize must be specified'],
        [{ CanarySize }, 'CanarySize must be between 1% and 50%'],
      ] as const) {
        const policy = { TrafficRoutingConfiguration: { ...routing, ...sizes } }
        const given = { DeploymentConfig: { BlueGreenUpdatePolicy: policy } }
        expect(await refusal(createEndpoint('Wrong', 'Config', given))).toContain(sentence)
      }
    })
  })

  describe('description', () => {
    it('shows variants once the endpoint serves, and a reason once it has failed', async () => {
      await createEndpoint('Serving', 'Shown')
      await setStatus('Serving', 'InService')
      const image = { SpecifiedImage: ECR_IMAGE, ResolvedImage: `${ECR_IMAGE}@sha256:00`, ResolutionTime: 5 }
      await service.database.commit([
        {
          query: service.database.query
            .updateTable('endpoint_variants')
            .set({ current_weight: 1, current_instance_count: 1, deployed_images: JSON.stringify([image]) })
            .where('name_key', '=', 'serving')
            .compile(),
        },
      ])
      const described = await describeEndpoint('Serving')
      expect(described.PendingDeploymentSummary).toBeUndefined()
      expect(described.FailureReason).toBeUndefined()
      expect(described.ProductionVariants).toEqual([
        {
          VariantName: 'AllTraffic',
          DeployedImages: [image],
          CurrentWeight: 1,
          DesiredWeight: 1,
          CurrentInstanceCount: 1,
          DesiredInstanceCount: 1,
          RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
        },
      ])
      await setStatus('Serving', 'Failed', 'why')
      expect(await describeEndpoint('Serving')).toMatchObject({ EndpointStatus: 'Failed', FailureReason: 'why' })
    })
  })

  describe('deletion', () => {
    it.each(['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'Deleting'] as const)(
      'is refused while %s',
      async (status) => {
        await createEndpoint('Busy').catch(() => undefined)
        await setStatus('Busy', status)
        expect(await refusal(service.call('DeleteEndpoint', { EndpointName: 'Busy' }))).toBe(
          `ValidationException: Cannot update in-progress endpoint "${ARN}:endpoint/busy".`,
        )
      },
    )

    it.each(['InService', 'Failed', 'OutOfService', 'UpdateRollbackFailed'] as const)(
      'begins from %s',
      async (status) => {
        await createEndpoint(`Del-${status}`)
        await setStatus(`Del-${status}`, status)
        const before = await rowOf(`Del-${status}`)
        const results = await Promise.allSettled(
          [1, 2].map(() => service.call('DeleteEndpoint', { EndpointName: `Del-${status}` })),
        )
        expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
        const after = await rowOf(`Del-${status}`)
        expect(after).toMatchObject({ status: 'Deleting', generation: 2, revision: Number(before?.revision) + 1 })
        expect(await describeEndpoint(`Del-${status}`)).toMatchObject({ EndpointStatus: 'Deleting' })
      },
    )

    it('ends with nothing left, and the name free', async () => {
      await createEndpoint('Removed', 'Config', { Tags: [{ Key: 'a', Value: 'b' }] })
      await service.database.commit(
        endpointWrites(service.database, service.deps.changeFeed, { ...scope, name_key: 'removed' }).forget(),
      )
      const missing = `ValidationException: Could not find endpoint "${ARN}:endpoint/removed".`
      expect(await refusal(describeEndpoint('Removed'))).toBe(missing)
      expect(await refusal(service.call('DeleteEndpoint', { EndpointName: 'Removed' }))).toBe(missing)
      await createEndpoint('Removed')
      expect((await service.call('ListTags', { ResourceArn: `${ARN}:endpoint/removed` })).Tags).toEqual([])
    })
  })

  it('are listed by name, time and status, and filtered', async () => {
    const { Endpoints: all } = await service.call('ListEndpoints', {
      MaxResults: 100,
      SortBy: 'Name',
      SortOrder: 'Ascending',
    })
    const names = all.map((one) => one.EndpointName)
    expect(names.length).toBeGreaterThan(8)
    const seen: string[] = []
    let token: string | undefined
    do {
      const page = await service.call('ListEndpoints', { MaxResults: 2, SortBy: 'Status', NextToken: token })
      seen.push(...page.Endpoints.map((one) => one.EndpointStatus))
      token = page.NextToken
    } while (token !== undefined)
    expect(seen).toHaveLength(names.length)
    expect(seen).toEqual(seen.toSorted().toReversed())
    const deleting = await service.call('ListEndpoints', { StatusEquals: 'Deleting', NameContains: 'del-' })
    expect(deleting.Endpoints.map((one) => one.EndpointStatus)).toEqual(Array(4).fill('Deleting'))
    const modified = deleting.Endpoints[0]?.LastModifiedTime ?? 0
    const since = await service.call('ListEndpoints', {
      LastModifiedTimeAfter: modified,
      LastModifiedTimeBefore: modified + 1,
    })
    expect(since.Endpoints).toHaveLength(1)
  })
})
