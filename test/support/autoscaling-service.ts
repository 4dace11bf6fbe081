import type { WorkOutcome } from '../../src/control/work-queue.ts'
import type { ScalingActivity } from '../../src/model/generated/application-autoscaling.ts'
import type { AutoscalingDeps } from '../../src/services/application-autoscaling/autoscaling-deps.ts'
import { describeScalingActivities } from '../../src/services/application-autoscaling/scaling/describe-scaling-activities.ts'
import { targetHandler } from '../../src/services/application-autoscaling/scaling/follow-target.ts'
import { policyActions } from '../../src/services/application-autoscaling/scaling/policy-actions.ts'
import { registerScalableTarget } from '../../src/services/application-autoscaling/targets/register-scalable-target.ts'
import type { AlarmActions, AlarmState } from '../../src/services/cloudwatch/facade.ts'
import type { RequestContext } from '../../src/services/operation.ts'
import { createSagemakerFacade } from '../../src/services/sagemaker/sagemaker-facade.ts'
import { statement } from '../../src/storage/statement.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { ServiceError } from '../../src/wire/service-error.ts'
import type { TestStore } from './databases.ts'
import { ACCOUNT, ECR_IMAGE, REGION, ROLE, root, startSagemaker, type TestSagemaker } from './sagemaker-service.ts'

export const NAMESPACE = { ServiceNamespace: 'sagemaker' } as const

export interface ScaledVariant {
  readonly ServiceNamespace: 'sagemaker'
  readonly ResourceId: string
  readonly ScalableDimension: 'sagemaker:variant:DesiredInstanceCount'
}

/** Application Auto Scaling over a real database and SageMaker, with a clock and alarms of the test, and without containers. */
export interface TestAutoscaling {
  readonly deps: AutoscalingDeps
  readonly sagemaker: TestSagemaker
  readonly actions: AlarmActions
  readonly alarms: Map<string, AlarmState>
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  now: number
  context(): RequestContext
  /** An endpoint in service, whose config and variant `v` has 2 instances, with a target of 1 to 8. */
  serving(): Promise<{ readonly name: string; readonly target: ScaledVariant }>
  setStatus(name: string, status: string): Promise<unknown>
  /** Lets the endpoint come to rest, and the work items of its targets see it; what these come to. */
  settle(name: string): Promise<readonly WorkOutcome[]>
  /** How many instances are wanted. */
  count(name: string): Promise<number | undefined>
  /** Newest first. */
  activities(target: ScaledVariant): Promise<readonly ScalingActivity[]>
  stop(): Promise<void>
}

/** Configs One and Big differ in their instance type. */
export async function startTestAutoscaling(store: TestStore): Promise<TestAutoscaling> {
  const sagemaker = await startSagemaker(store)
  const PrimaryContainer = { Image: ECR_IMAGE }
  await sagemaker.call('CreateModel', { ModelName: 'Iris', ExecutionRoleArn: ROLE, PrimaryContainer })
  const variant = {
    ...{ VariantName: 'v', ModelName: 'Iris' },
    ...({ InstanceType: 'ml.m5.large', InitialInstanceCount: 2 } as const),
  }
  const variants = { One: variant, Big: { ...variant, InstanceType: 'ml.m5.xlarge' } as const }
  for (const [EndpointConfigName, one] of Object.entries(variants))
    await sagemaker.call('CreateEndpointConfig', { EndpointConfigName, ProductionVariants: [one] })
  Object.assign(sagemaker.deps, { endpointInstanceQuota: 10_000 })

  const alarms = new Map<string, AlarmState>()
  const signal = new AbortController().signal
  const clock = { now: () => test.now }
  const { database } = sagemaker
  const deps: AutoscalingDeps = {
    ...{ database, queue: sagemaker.deps.workQueue, clock, alarmSeconds: 60 },
    sagemaker: createSagemakerFacade({ ...sagemaker.deps, clock }),
    cloudwatch: {
      alarmWrites: async (_owner, { AlarmName, Namespace }) => {
        if (Namespace === 'refused') throw new ServiceError('ValidationError', 'a namespace that is refused')
        alarms.set(AlarmName, 'OK')
        return []
      },
      deleteAlarms: async (_owner, names) => names.forEach((name) => void alarms.delete(name)),
      alarmsOfPolicies: async () => new Map(),
      alarmStates: async (_owner, names) => new Map([...alarms].filter(([name]) => names.includes(name))),
    },
  }
  const setStatus = (name: string, status: string) =>
    database.commit([statement(database.query.updateTable('endpoints').set({ status }).where('name', '=', name))])
  let serial = 0
  const test: TestAutoscaling = {
    ...{ deps, sagemaker, alarms, signal, actions: policyActions(() => deps), now: 1_800_000_000_000, setStatus },
    context: () => ({
      ...{ requestId: 'r', principal: root(ACCOUNT), account: ACCOUNT, region: REGION, now: test.now, signal },
      ...{ baseUrl: 'http://127.0.0.1:8770', log: silentLogger, origin: {} as RequestContext['origin'] },
    }),
    serving: async () => {
      const name = `e-${serial++}`
      await sagemaker.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: 'One' })
      await setStatus(name, 'InService')
      const target = {
        ...NAMESPACE,
        ResourceId: `endpoint/${name}/variant/v`,
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      } as const
      await registerScalableTarget(deps, { ...target, MinCapacity: 1, MaxCapacity: 8 }, test.context())
      return { name, target }
    },
    settle: async (name) => {
      test.now++
      await setStatus(name, 'InService')
      await database.commit([statement(database.query.deleteFrom('endpoint_deployments').where('name_key', '=', name))])
      const rows = await database.query
        .selectFrom('scaling_targets')
        .select('id')
        .where('endpoint_name', '=', name)
        .execute()
      const outcomes: WorkOutcome[] = []
      for (const { id } of rows)
        outcomes.push(await targetHandler(deps)({ kind: 'scaling-target', key: id, attempts: 0 }, signal))
      return outcomes
    },
    count: async (name) => (await deps.sagemaker.findCapacity(test.context(), name, 'v'))?.desiredInstances,
    activities: async ({ ResourceId }) => {
      const { ScalingActivities = [] } = await describeScalingActivities(
        deps,
        { ...NAMESPACE, ResourceId },
        test.context(),
      )
      return ScalingActivities
    },
    stop: () => sagemaker.stop(),
  }
  return test
}
