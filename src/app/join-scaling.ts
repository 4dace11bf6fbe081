import type { AutoscalingDeps } from '../services/application-autoscaling/autoscaling-deps.ts'
import { policyActions } from '../services/application-autoscaling/scaling/policy-actions.ts'
import { startAutoscaling } from '../services/application-autoscaling/start-autoscaling.ts'
import { type Cloudwatch, startCloudwatch } from '../services/cloudwatch/start-cloudwatch.ts'
import type { OperationTable } from '../services/operation.ts'
import { createSagemakerFacade } from '../services/sagemaker/sagemaker-facade.ts'
import type { Sns } from '../services/sns/start-sns.ts'
import type { Foundation } from './foundation.ts'
import { ENDPOINT_INSTANCE_QUOTA } from './join-hosting.ts'

export interface Scaling {
  readonly cloudwatch: Cloudwatch
  readonly autoscaling: OperationTable
}

/**
 * Joins metrics and alarms to what alarms can do: publish to a topic, and scale an endpoint. CloudWatch and Application Auto Scaling
 * need each other.
 */
export async function joinScaling(foundation: Foundation, sns: Sns): Promise<Scaling> {
  const { config, database, changeFeed, workQueue, clock, log } = foundation
  const cloudwatch = await startCloudwatch({
    ...{ database, queue: workQueue, clock, log },
    settings: config.metrics,
    actions: [sns.alarmActions, policyActions(() => deps)],
  })
  const deps: AutoscalingDeps = {
    ...{ database, queue: workQueue, clock, cloudwatch: cloudwatch.facade },
    sagemaker: createSagemakerFacade({
      ...{ database, changeFeed, workQueue, clock },
      endpointInstanceQuota: ENDPOINT_INSTANCE_QUOTA,
    }),
    alarmSeconds: config.metrics.anyAlarmPeriod ? config.metrics.resolutionSeconds : 60,
  }
  return { cloudwatch, autoscaling: await startAutoscaling(deps) }
}
