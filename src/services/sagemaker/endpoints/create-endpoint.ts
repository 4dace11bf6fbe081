import type { CreateEndpointInput, CreateEndpointOutput } from '../../../model/generated/sagemaker.ts'
import type { EndpointRow } from '../../../storage/schema/endpoints.ts'
import type { RequestContext } from '../../operation.ts'
import { openAsyncQueue } from '../../sagemaker-runtime/facade.ts'
import { configStillThere, requireConfig } from '../endpoint-configs/endpoint-config-store.ts'
import { ENDPOINT_WORK, ENDPOINTS_TOPIC, formatEndpointKey } from '../hosting/endpoint-state.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { deploymentPolicy } from './deployment-policy.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import { findEndpoint, insertEndpoint } from './endpoint-store.ts'
import { duplicateEndpoint } from './errors.ts'
import { newFleet } from './new-fleet.ts'
import { testNotifications } from './test-notifications.ts'

const FIRST_FLEET = 1

/** Says what is wanted and enqueues the work; a controller brings it about. */
export async function createEndpoint(
  deps: SagemakerDeps,
  input: CreateEndpointInput,
  context: RequestContext,
): Promise<CreateEndpointOutput> {
  const { database } = deps
  const { EndpointName: name, Tags: tags = [], DeploymentConfig: deployment } = input
  const arn = endpointArn(context, name)
  const key = endpointKey(context, name)
  // It is for later updates, whose fleets nobody knows yet.
  if (deployment !== undefined) deploymentPolicy(deployment, [])
  checkTags(tags)
  if ((await findEndpoint(database, key)) !== undefined) throw duplicateEndpoint(arn)
  const config = await requireConfig(database, context, input.EndpointConfigName)
  const fleet = await newFleet(deps, config, context)
  const spec = JSON.parse(fleet.spec) as EndpointSpec
  const notifications = await testNotifications(deps, spec)
  const row: EndpointRow = {
    ...key,
    name,
    fleet: FIRST_FLEET,
    config_name: config.name,
    spec: fleet.spec,
    status: 'Creating',
    failure_reason: null,
    generation: 1,
    observed_generation: 0,
    revision: 1,
    deployment_config: deployment === undefined ? null : JSON.stringify(deployment),
    created_at: context.now,
    modified_at: context.now,
  }
  await database.commit([
    configStillThere(database, config),
    ...insertEndpoint(database, row, fleet.variants(key, FIRST_FLEET, 1), () => duplicateEndpoint(arn)),
    ...(spec.asyncInferenceConfig === undefined ? [] : openAsyncQueue(deps, key, context.now)),
    ...notifications,
    ...putTags(deps, tagged(context, 'endpoint', name), arn, tags),
    deps.workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(key)),
    deps.changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),
  ])
  return { EndpointArn: arn }
}
