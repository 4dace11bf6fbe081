import type { DeleteModelInput } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'
import { missingModel } from './errors.ts'
import { deleteModelRow, requireModel } from './model-store.ts'

/** Deletes a model. Endpoints that were made from it keep running: they hold what they need. */
export async function deleteModel(
  deps: SagemakerDeps,
  input: DeleteModelInput,
  context: RequestContext,
): Promise<void> {
  const { database } = deps
  const { name, name_key: key } = await requireModel(database, context, input.ModelName)
  await database.commit([
    deleteModelRow(database, context, key, () => missingModel(sagemakerArn(context, 'model', name))),
    ...dropTags(deps, tagged(context, 'model', name)),
  ])
}
