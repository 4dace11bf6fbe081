import type { DeleteEndpointConfigInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'
import { deleteConfigRow, requireConfig } from './endpoint-config-store.ts'

/** Deletes a config. Endpoints that were made from it keep running. */
export async function deleteEndpointConfig(
  { database }: SagemakerDeps,
  input: DeleteEndpointConfigInput,
  context: RequestContext,
): Promise<void> {
  const row = await requireConfig(database, context, input.EndpointConfigName)
  await database.commit([
    deleteConfigRow(database, row),
    dropTags(database, tagged(context, 'endpoint-config', row.name)),
  ])
}
