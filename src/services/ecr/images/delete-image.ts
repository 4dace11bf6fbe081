import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { imageNotFound, imageReferenced } from '../errors.ts'

/** Removes an image with all its tags. Its layers go when they have been without an image for long. */
export async function deleteImage(deps: EcrDeps, repository: RepositoryRow, digest: string): Promise<void> {
  const { query } = deps.database
  const indexes = query
    .selectFrom('ecr_image_parts')
    .select('image_digest')
    .where('repository_id', '=', repository.id)
    .where('part_digest', '=', digest)
    .where('kind', '=', 'image')
    .limit(20)
  const holding = (await indexes.execute()).map((row) => row.image_digest)
  const layers = query
    .selectFrom('ecr_image_parts')
    .select('part_digest')
    .where('repository_id', '=', repository.id)
    .where('image_digest', '=', digest)
    .where('kind', '=', 'layer')
  await deps.database.commit([
    statement(
      indexes,
      none(() => imageReferenced(holding)),
    ),
    statement(
      query.deleteFrom('ecr_images').where('repository_id', '=', repository.id).where('digest', '=', digest),
      one(() => imageNotFound(repository, { digest, tag: undefined })),
    ),
    statement(query.deleteFrom('ecr_tags').where('repository_id', '=', repository.id).where('digest', '=', digest)),
    statement(
      query
        .updateTable('ecr_layers')
        .set({ touched_at: deps.clock.now() })
        .where('repository_id', '=', repository.id)
        .where('digest', 'in', layers),
    ),
    statement(
      query.deleteFrom('ecr_image_parts').where('repository_id', '=', repository.id).where('image_digest', '=', digest),
    ),
  ])
}

/** Takes a tag away from the image that has it. False when it is not given. */
export async function deleteTag(deps: EcrDeps, repository: RepositoryRow, tag: string): Promise<boolean> {
  const [removed] = await deps.database.commit([
    statement(
      deps.database.query.deleteFrom('ecr_tags').where('repository_id', '=', repository.id).where('tag', '=', tag),
    ),
  ])
  return removed?.affected === 1
}
