import type { DeleteEndpointConfigInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'
import { deleteConfigRow, requireConfig } from './endpoint-config-store.ts'

/** Deletes a config. Endpoints that were made from it keep running. */
export async function deleteEndpointConfig(
  deps: SagemakerDeps,
  input: DeleteEndpointConfigInput,
  context: RequestContext,
): Promise<void> {
  const { database } = deps
  const row = await requireConfig(database, context, input.EndpointConfigName)
  await database.commit([
    deleteConfigRow(database, row),
    ...dropTags(deps, tagged(context, 'endpoint-config', row.name)),
  ])
}
