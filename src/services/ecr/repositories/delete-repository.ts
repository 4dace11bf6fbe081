import type { DeleteRepositoryRequest, DeleteRepositoryResponse } from '../../../model/generated/ecr.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotEmpty, repositoryNotFound } from '../errors.ts'
import { removePartBlobs } from '../layers/upload-store.ts'
import { repositoryChanged } from '../resource-directory.ts'
import { requireRepository, toRepository } from './repository-store.ts'

/** With `force`, the images go too. The bytes that no other repository holds are freed later, by the sweep. */
export async function deleteRepository(
  deps: EcrDeps,
  input: DeleteRepositoryRequest,
  context: RequestContext,
): Promise<DeleteRepositoryResponse> {
  const repository = await requireRepository(deps, context, input)
  const { query } = deps.database
  const { id } = repository
  const held = query.selectFrom('ecr_layers').select('digest').where('repository_id', '=', id)
  const uploads = query.selectFrom('ecr_uploads').select('id').where('repository_id', '=', id)
  const images = query.selectFrom('ecr_images').select('digest').where('repository_id', '=', id).limit(1)
  const [, , parts] = await deps.database.commit([
    statement(images, input.force ? undefined : none(() => repositoryNotEmpty(repository))),
    statement(
      query.deleteFrom('ecr_repositories').where('id', '=', id),
      one(() => repositoryNotFound(repository)),
    ),
    statement(query.deleteFrom('ecr_upload_parts').where('upload_id', 'in', uploads).returning('blob_id')),
    statement(query.deleteFrom('ecr_uploads').where('repository_id', '=', id)),
    statement(query.deleteFrom('ecr_tags').where('repository_id', '=', id)),
    statement(query.deleteFrom('ecr_image_parts').where('repository_id', '=', id)),
    statement(query.deleteFrom('ecr_images').where('repository_id', '=', id)),
    statement(query.updateTable('ecr_blobs').set({ released_at: context.now }).where('digest', 'in', held)),
    statement(query.deleteFrom('ecr_layers').where('repository_id', '=', id)),
    repositoryChanged(deps.changeFeed, repository),
  ])
  await removePartBlobs(
    deps,
    (parts?.rows ?? []).map((row) => String(row.blob_id)),
  )
  return { repository: toRepository(repository, context.baseUrl) }
}
