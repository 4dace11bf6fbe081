import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestStore } from '../../../../test/support/databases.ts'
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
  DeploymentConfig,
  DesiredWeightAndCapacityList,
  EndpointStatus,
  ProductionVariant,
  UpdateEndpointInput,
} from '../../../model/generated/sagemaker.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { createEndpointController } from '../hosting/endpoint-controller.ts'
import { routeLoader } from '../hosting/route-loader.ts'
import { findDeployments, findEndpoint, findVariants } from './endpoint-store.ts'

const ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}`
const variant: ProductionVariant = {
  VariantName: 'v',
  ModelName: 'Iris',
  InstanceType: 'ml.m5.large',
  InitialInstanceCount: 2,
}

describe.each(testStores)('updates of endpoints on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  let serial = 0
  beforeAll(async () => {
    store = await create()
    service = await startSagemaker(store)
    const PrimaryContainer = { Image: ECR_IMAGE }
    await service.call('CreateModel', { ModelName: 'Iris', ExecutionRoleArn: ROLE, PrimaryContainer })
    // Every test leaves an endpoint; only one of them is about the quota.
    Object.assign(service.deps, { endpointInstanceQuota: 10_000 })
    await createConfig('One', [variant])
    await createConfig('Two', [{ ...variant, InitialInstanceCount: 3, InitialVariantWeight: 2 }])
    await createConfig('Other', [{ ...variant, VariantName: 'w', InitialInstanceCount: 1 }])
  })
  afterAll(async () => {
    await service.stop()
    await store.remove()
  })

  const createConfig = (name: string, ProductionVariants: ProductionVariant[]) =>
    service.call('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants })
  const keyOf = (name: string) => ({ account: ACCOUNT, region: REGION, name_key: name.toLowerCase() })
  const describeEndpoint = (name: string) => service.call('DescribeEndpoint', { EndpointName: name })
  const setStatus = (name: string, status: EndpointStatus) =>
    service.database.commit([
      {
        query: service.database.query
          .updateTable('endpoints')
          .set({ status })
          .where('name_key', '=', name.toLowerCase())
          .compile(),
      },
    ])
  /** An endpoint in service, of the config One. */
  const serving = async (config = 'One', input = {}) => {
    const name = `E-${serial++}`
    await service.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: config, ...input })
    await work(name)
    return name
  }
  /** What a server without a runtime makes of it. */
  const work = async (name: string) => {
    const { database, changeFeed, workQueue } = service.deps
    const clock = { now: () => service.now++ }
    const alarms = { inAlarm: async () => [] }
    const parts = { database, changeFeed, workQueue, clock, hosted: false, alarms, log: silentLogger }
    const handler = createEndpointController(parts)
    await handler({ kind: 'endpoint', key: `${ACCOUNT}/${REGION}/${name.toLowerCase()}`, attempts: 0 }, neverAborted)
  }
  const neverAborted = new AbortController().signal
  const update = (name: string, config: string, input: Partial<UpdateEndpointInput> = {}) =>
    service.call('UpdateEndpoint', { EndpointName: name, EndpointConfigName: config, ...input })
  const change = (name: string, DesiredWeightsAndCapacities: DesiredWeightAndCapacityList) =>
    service.call('UpdateEndpointWeightsAndCapacities', { EndpointName: name, DesiredWeightsAndCapacities })
  const allAtOnce = (over = {}): DeploymentConfig => ({
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
      ...over,
    },
  })

  it('shows what comes in beside what serves, then serves it', async () => {
    const name = await serving()
    expect(await update(name, 'Two')).toEqual({ EndpointArn: `${ARN}:endpoint/${name.toLowerCase()}` })
    expect(await describeEndpoint(name)).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'One',
      ProductionVariants: [{ VariantName: 'v', DesiredInstanceCount: 2, DesiredWeight: 1, CurrentWeight: 1 }],
      PendingDeploymentSummary: {
        EndpointConfigName: 'Two',
        ProductionVariants: [
          { VariantName: 'v', DesiredInstanceCount: 3, DesiredWeight: 2, InstanceType: 'ml.m5.large' },
        ],
      },
    })
    const key = `${ACCOUNT}/${REGION}/${name.toLowerCase()}`
    expect(
      (await service.database.query.selectFrom('work_items').select('key').execute()).map((row) => row.key),
    ).toContain(key)
    await work(name)
    const described = await describeEndpoint(name)
    expect(described).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'Two',
      ProductionVariants: [{ VariantName: 'v', DesiredInstanceCount: 3, CurrentWeight: 2, CurrentInstanceCount: 0 }],
    })
    expect(described.PendingDeploymentSummary).toBeUndefined()
    expect(described.FailureReason).toBeUndefined()
    expect(await findVariants(service.database, keyOf(name))).toHaveLength(1)
    expect(await findDeployments(service.database, keyOf(name))).toEqual([])
    expect((await routeLoader(service.database, true)(key))?.variants).toMatchObject([
      { name: 'v', weight: 2, share: 1 },
    ])
  })

  it('goes to a config with other variants, and to the same config again', async () => {
    const name = await serving()
    await update(name, 'Other')
    await work(name)
    expect((await describeEndpoint(name)).ProductionVariants).toMatchObject([{ VariantName: 'w' }])
    await update(name, 'Other')
    expect((await describeEndpoint(name)).EndpointStatus).toBe('Updating')
    await work(name)
    const row = await findEndpoint(service.database, keyOf(name))
    expect(row).toMatchObject({
      status: 'InService',
      config_name: 'Other',
      fleet: 3,
      generation: 3,
      observed_generation: 3,
    })
  })

  it.each<readonly [string, Partial<UpdateEndpointInput>, number, number]>([
    ['takes counts and weights from the config', {}, 3, 2],
    ['keeps them when it is to', { RetainAllVariantProperties: true }, 5, 0.5],
    [
      'keeps the weight only',
      {
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredInstanceCount' }],
      },
      3,
      0.5,
    ],
    [
      'keeps the count only',
      {
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: [
          { VariantPropertyType: 'DesiredWeight' },
          { VariantPropertyType: 'DataCaptureConfig' },
        ],
      },
      5,
      2,
    ],
    [
      'excludes nothing from nothing',
      { ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' }] },
      3,
      2,
    ],
  ])('%s', async (_, input, instances, weight) => {
    const name = await serving()
    await change(name, [{ VariantName: 'v', DesiredInstanceCount: 5, DesiredWeight: 0.5 }])
    await work(name)
    await update(name, 'Two', input)
    expect((await describeEndpoint(name)).PendingDeploymentSummary?.ProductionVariants).toMatchObject([
      { DesiredInstanceCount: instances, DesiredWeight: weight },
    ])
  })

  it('remembers the deployment config, and goes by it again when it is to', async () => {
    const name = await serving('One', { DeploymentConfig: allAtOnce({ TerminationWaitInSeconds: 7 }) })
    const policy = async () => JSON.parse((await findDeployments(service.database, keyOf(name)))[0]?.policy ?? '{}')
    await update(name, 'Two', { RetainDeploymentConfig: true })
    expect(await policy()).toMatchObject({ kind: 'blue-green', terminationWaitSeconds: 7 })
    await work(name)
    await update(name, 'One', { DeploymentConfig: allAtOnce({ TerminationWaitInSeconds: 8 }) })
    expect((await describeEndpoint(name)).LastDeploymentConfig?.BlueGreenUpdatePolicy?.TerminationWaitInSeconds).toBe(8)
    await work(name)
    await update(name, 'Two')
    expect(await policy()).toMatchObject({ kind: 'blue-green', terminationWaitSeconds: 0 })
    await work(name)
    expect(
      await refusal(update(name, 'One', { DeploymentConfig: allAtOnce(), RetainDeploymentConfig: true })),
    ).toContain('ValidationException: DeploymentConfig cannot be specified')
  })

  it.each(['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'Deleting'] as const)(
    'is refused while %s',
    async (status) => {
      const name = await serving()
      await setStatus(name, status)
      const busy = `ValidationException: Cannot update in-progress endpoint "${ARN}:endpoint/${name.toLowerCase()}".`
      expect(await refusal(update(name, 'Two'))).toBe(busy)
      expect(await refusal(change(name, [{ VariantName: 'v', DesiredWeight: 2 }]))).toBe(busy)
    },
  )

  it('is refused of a failed endpoint, which can only be deleted', async () => {
    const name = await serving()
    await setStatus(name, 'Failed')
    const said = `ValidationException: Cannot update endpoint "${ARN}:endpoint/${name.toLowerCase()}" in status Failed.`
    expect(await refusal(update(name, 'Two'))).toBe(said)
    expect(await refusal(change(name, [{ VariantName: 'v', DesiredWeight: 2 }]))).toBe(said)
  })

  it('of several at one moment begins one', async () => {
    const name = await serving()
    const results = await Promise.allSettled([
      update(name, 'Two'),
      update(name, 'Other'),
      change(name, [{ VariantName: 'v', DesiredWeight: 2 }]),
      service.call('DeleteEndpoint', { EndpointName: name }),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.message).toContain('Cannot update in-progress endpoint')
  })

  it('is refused without its endpoint, its config, the config that serves, or a model', async () => {
    const name = await serving()
    expect(await refusal(update('None', 'Two'))).toBe(
      `ValidationException: Could not find endpoint "${ARN}:endpoint/none".`,
    )
    expect(await refusal(update(name, 'Absent'))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/absent".`,
    )
    await createConfig('Brief', [variant])
    const brief = await serving('Brief')
    await service.call('DeleteEndpointConfig', { EndpointConfigName: 'Brief' })
    expect(await refusal(update(brief, 'Two'))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/brief".`,
    )
    await service.call('CreateModel', { ModelName: 'Short', PrimaryContainer: { Image: ECR_IMAGE } })
    await createConfig('Short', [{ ...variant, ModelName: 'Short' }])
    await service.call('DeleteModel', { ModelName: 'Short' })
    expect(await refusal(update(name, 'Short'))).toBe(`ValidationException: Could not find model "${ARN}:model/short".`)
    await service.call('DeleteEndpointConfig', { EndpointConfigName: 'Short' })
    expect((await describeEndpoint(name)).EndpointStatus).toBe('InService')
  })

  it.each<readonly [string, DeploymentConfig, string]>([
    ['no policy', {}, 'Specify one of BlueGreenUpdatePolicy and RollingUpdatePolicy'],
    [
      'both policies',
      { ...allAtOnce(), RollingUpdatePolicy: { MaximumBatchSize: percent(50), WaitIntervalInSeconds: 0 } },
      'Specify only one of BlueGreenUpdatePolicy and RollingUpdatePolicy',
    ],
    [
      'an alarm without a name',
      { ...allAtOnce(), AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'a' }, {}] } },
      'AlarmName must be specified',
    ],
    ['a canary without a size', traffic('CANARY', {}), 'CanarySize must be specified'],
    ['linear steps without a size', traffic('LINEAR', {}), 'LinearStepSize must be specified'],
    [
      'a canary with a linear step',
      traffic('CANARY', { CanarySize: percent(10), LinearStepSize: percent(10) }),
      'LinearStepSize cannot be specified when the traffic routing type is CANARY.',
    ],
    ['a size with all at once', traffic('ALL_AT_ONCE', { CanarySize: percent(10) }), 'CanarySize cannot be specified'],
    ['too large a canary', traffic('CANARY', { CanarySize: percent(51) }), 'CanarySize must be between 1% and 50%'],
    [
      'too small a step',
      traffic('LINEAR', { LinearStepSize: percent(9) }),
      'LinearStepSize must be between 10% and 50%',
    ],
    [
      'a canary of too many instances',
      traffic('CANARY', { CanarySize: { Type: 'INSTANCE_COUNT', Value: 2 } }),
      'CanarySize must be between 1% and 50% of a variant\'s total instance count; production variant "v" has 3.',
    ],
    [
      'too small a batch',
      { RollingUpdatePolicy: { MaximumBatchSize: percent(4), WaitIntervalInSeconds: 0 } },
      'MaximumBatchSize must be between 5% and 50%',
    ],
    [
      'a time limit that the waits fill',
      {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'LINEAR',
            LinearStepSize: percent(50),
            WaitIntervalInSeconds: 200,
          },
          TerminationWaitInSeconds: 200,
          MaximumExecutionTimeoutInSeconds: 600,
        },
      },
      'MaximumExecutionTimeoutInSeconds (600) must be larger than the total waiting time (600 seconds)',
    ],
  ])('with %s is refused', async (_, config, sentence) => {
    const name = await serving()
    expect(await refusal(update(name, 'Two', { DeploymentConfig: config }))).toContain(
      `ValidationException: ${sentence}`,
    )
    expect((await describeEndpoint(name)).EndpointStatus).toBe('InService')
  })

  it('counts both fleets against the quota', async () => {
    await createConfig('Many', [{ ...variant, InstanceType: 'ml.c5.large', InitialInstanceCount: 12 }])
    const name = await serving('Many')
    Object.assign(service.deps, { endpointInstanceQuota: 20 })
    expect(await refusal(update(name, 'Many'))).toContain('ResourceLimitExceeded')
    expect(await refusal(change(name, [{ VariantName: 'v', DesiredInstanceCount: 21 }]))).toContain(
      'current utilization of 12 Instances and a request delta of 9 Instances.',
    )
    await change(name, [{ VariantName: 'v', DesiredInstanceCount: 20 }])
    Object.assign(service.deps, { endpointInstanceQuota: 10_000 })
  })

  describe('weights and capacities', () => {
    it('change what is wanted at once, and what is so when it has been brought about', async () => {
      await createConfig('Pair', [variant, { ...variant, VariantName: 'w' }])
      const name = await serving('Pair')
      await change(name, [
        { VariantName: 'v', DesiredWeight: 0, DesiredInstanceCount: 1 },
        { VariantName: 'w', DesiredWeight: 5 },
      ])
      const described = await describeEndpoint(name)
      expect(described).toMatchObject({
        EndpointStatus: 'Updating',
        EndpointConfigName: 'Pair',
        ProductionVariants: [
          { CurrentWeight: 1, DesiredWeight: 0, DesiredInstanceCount: 1 },
          { CurrentWeight: 1, DesiredWeight: 5, DesiredInstanceCount: 2 },
        ],
      })
      expect(described.PendingDeploymentSummary).toBeUndefined()
      await work(name)
      expect(await describeEndpoint(name)).toMatchObject({
        EndpointStatus: 'InService',
        ProductionVariants: [{ CurrentWeight: 0 }, { CurrentWeight: 5 }],
      })
      expect(await findDeployments(service.database, keyOf(name))).toEqual([])
    })

    it.each<readonly [string, DesiredWeightAndCapacityList, string]>([
      [
        'an unknown variant',
        [{ VariantName: 'x', DesiredWeight: 1 }],
        'Could not find production variant "x" in endpoint',
      ],
      ['a variant in another case', [{ VariantName: 'V', DesiredWeight: 1 }], 'Could not find production variant "V"'],
      [
        'a variant twice',
        [
          { VariantName: 'v', DesiredWeight: 1 },
          { VariantName: 'v', DesiredInstanceCount: 1 },
        ],
        'Production variant "v" is specified more than once',
      ],
      [
        'no instances',
        [{ VariantName: 'v', DesiredInstanceCount: 0 }],
        "1 validation error detected: Value '0' at 'desiredWeightsAndCapacities.1.member.desiredInstanceCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
      ],
      ['a weight below zero', [{ VariantName: 'v', DesiredWeight: -1 }], "1 validation error detected: Value '-1'"],
      [
        'a weight beyond a float',
        [{ VariantName: 'v', DesiredWeight: 1e39 }],
        "1 validation error detected: Value '1e+39'",
      ],
      [
        'what only serverless variants have',
        [{ VariantName: 'v', ServerlessUpdateConfig: { MaxConcurrency: 5 } }],
        'ServerlessUpdateConfig cannot be specified for production variant "v"',
      ],
    ])('with %s are refused', async (_, list, sentence) => {
      const name = await serving()
      expect(await refusal(change(name, list))).toContain(`ValidationException: ${sentence}`)
      expect((await describeEndpoint(name)).EndpointStatus).toBe('InService')
    })
  })
})

function percent(Value: number) {
  return { Type: 'CAPACITY_PERCENT' as const, Value }
}

function traffic(Type: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR', sizes: object): DeploymentConfig {
  return { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type, WaitIntervalInSeconds: 0, ...sizes } } }
}
