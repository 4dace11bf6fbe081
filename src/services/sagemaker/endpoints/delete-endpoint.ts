import type { DeleteEndpointInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { ENDPOINT_TOPIC, ENDPOINT_WORK, endpointArn, endpointKey, formatEndpointKey } from './endpoint-key.ts'
import { requireEndpoint, updateEndpoint } from './endpoint-store.ts'
import { endpointInProgress } from './errors.ts'

/** The statuses in which nothing is under way, so that the endpoint may be deleted. */
const DELETABLE: ReadonlySet<string> = new Set(['InService', 'OutOfService', 'Failed', 'UpdateRollbackFailed'])

/** Marks the endpoint for deletion and enqueues the work; a controller stops its instances and removes it. */
export async function deleteEndpoint(
  { database, changeFeed, workQueue }: SagemakerDeps,
  input: DeleteEndpointInput,
  context: RequestContext,
): Promise<void> {
  const row = await requireEndpoint(database, context, input.EndpointName)
  const arn = endpointArn(context, row.name)
  if (!DELETABLE.has(row.status)) throw endpointInProgress(arn)
  const changes = { status: 'Deleting', generation: row.generation + 1, modified_at: context.now }
  const key = formatEndpointKey(endpointKey(context, row.name))
  await database.commit([
    updateEndpoint(database, row, changes, () => endpointInProgress(arn)),
    workQueue.enqueue(ENDPOINT_WORK, key),
    changeFeed.announce({ topic: ENDPOINT_TOPIC, key }),
  ])
}
