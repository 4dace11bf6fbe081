import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { ECR_IMAGE, ROLE, refusal, startSagemaker, type TestSagemaker } from '../../support/sagemaker-service.ts'
import { type ScriptedEngine, startScriptedEngine } from '../../support/scripted-engine.ts'
import { type ScriptedWorker, startScriptedWorker } from '../../support/scripted-worker.ts'

describe.each(testStores)('an update with alarms on $dialect', ({ create }) => {
  let store: TestStore
  let engine: ScriptedEngine
  let api: TestSagemaker
  let worker: ScriptedWorker
  const asked: string[][] = []
  let raised: readonly string[] = []

  beforeAll(async () => {
    store = await create()
    engine = await startScriptedEngine()
    api = await startSagemaker(store)
    // The controller's clock is the machine's: a policy's waits are counted on it.
    api.now = Date.now()
    const alarms = {
      inAlarm: async (_account: string, _region: string, names: readonly string[]) => {
        asked.push([...names])
        return names.filter((name) => raised.includes(name))
      },
    }
    worker = await startScriptedWorker(store, engine, { alarms })
    const PrimaryContainer = { Image: ECR_IMAGE }
    await api.call('CreateModel', { ModelName: 'm', PrimaryContainer })
    await api.call('CreateModel', { ModelName: 'ruled', ExecutionRoleArn: ROLE, PrimaryContainer })
    for (const [name, ModelName] of [
      ['c1', 'm'],
      ['c2', 'm'],
      ['ruled', 'ruled'],
    ] as const) {
      const variant = {
        VariantName: 'v',
        ModelName,
        InstanceType: 'ml.m5.large' as const,
        InitialInstanceCount: 2,
      }
      await api.call('CreateEndpointConfig', { EndpointConfigName: name, ProductionVariants: [variant] })
    }
  })
  afterAll(async () => {
    await worker.stop()
    await api.stop()
    engine.stop()
    await store.remove()
  })

  const describeIt = () => api.call('DescribeEndpoint', { EndpointName: 'e' })

  const update = (config: string) =>
    api.call('UpdateEndpoint', {
      EndpointName: 'e',
      EndpointConfigName: config,
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'CANARY',
            CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
            WaitIntervalInSeconds: 3_000,
          },
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Errors' }, { AlarmName: 'Latency' }] },
      },
    })

  it('goes back when one of them is raised, and tells which', async () => {
    await api.call('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'c1' })
    await eventually(async () => expect((await describeIt()).EndpointStatus).toBe('InService'))
    await update('c2')
    await eventually(async () => {
      const [pending] = (await describeIt()).PendingDeploymentSummary?.ProductionVariants ?? []
      expect(pending?.VariantStatus?.[0]?.Status).toBe('Baking')
    })
    expect(asked).toContainEqual(['Errors', 'Latency'])
    raised = ['Other', 'Latency']
    await eventually(async () => {
      const described = await describeIt()
      expect(described).toMatchObject({
        EndpointStatus: 'InService',
        EndpointConfigName: 'c1',
        FailureReason: 'The alarm Latency is in ALARM state.',
        ProductionVariants: [{ CurrentInstanceCount: 2, CurrentWeight: 1 }],
      })
      expect(described.PendingDeploymentSummary).toBeUndefined()
    }, 20_000)
    expect(engine.containers.size).toBe(2)
  })

  it('is refused when the execution role may not ask for them', async () => {
    expect(await refusal(update('ruled'))).toContain(
      'is not authorized to perform: cloudwatch:DescribeAlarms on resource: arn:aws:cloudwatch:us-east-1:123456789012:alarm:Errors',
    )
    expect((await describeIt()).EndpointStatus).toBe('InService')
  })
})
