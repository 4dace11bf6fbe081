import type { DeleteEndpointInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { ENDPOINT_WORK, ENDPOINTS_TOPIC, formatEndpointKey } from '../hosting/endpoint-state.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import { markDeleting, requireEndpoint } from './endpoint-store.ts'
import { endpointInProgress } from './errors.ts'

/** The statuses in which nothing is under way, so that the endpoint may be deleted. */
const DELETABLE: readonly string[] = ['InService', 'OutOfService', 'Failed', 'UpdateRollbackFailed']

/** Marks the endpoint for deletion and enqueues the work; a controller stops its instances and removes it. */
export async function deleteEndpoint(
  { database, changeFeed, workQueue }: SagemakerDeps,
  input: DeleteEndpointInput,
  context: RequestContext,
): Promise<void> {
  const row = await requireEndpoint(database, context, input.EndpointName)
  const arn = endpointArn(context, row.name)
  const key = endpointKey(context, row.name)
  await database.commit([
    markDeleting(database, key, DELETABLE, context.now, () => endpointInProgress(arn)),
    workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(key)),
    changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),
  ])
}
