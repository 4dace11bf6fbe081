import type { Database, Statement } from '../../../storage/database.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'

/** A layer that a repository holds, and where its bytes are. */
export interface HeldLayer {
  readonly digest: string
  readonly size: number
  readonly blob_id: string
  readonly touched_at: number
}

/** How long a layer without an image, or an upload that stands still, is kept: no push outlives its login. */
export const IDLE_MILLISECONDS = 12 * 60 * 60 * 1000

export const findLayer = (database: Database, repositoryId: string, digest: string): Promise<HeldLayer | undefined> =>
  database.query
    .selectFrom('ecr_layers as layer')
    .innerJoin('ecr_blobs as blob', 'blob.digest', 'layer.digest')
    .select(['layer.digest', 'layer.size', 'blob.blob_id', 'layer.touched_at'])
    .where('layer.repository_id', '=', repositoryId)
    .where('layer.digest', '=', digest)
    .executeTakeFirst()

/**
 * The layer, for a client who is about to rely on its being there instead of pushing it: one that no image has used for
 * long is given more time.
 */
export async function findLayerToKeep(
  deps: EcrDeps,
  repositoryId: string,
  digest: string,
): Promise<HeldLayer | undefined> {
  const layer = await findLayer(deps.database, repositoryId, digest)
  const now = deps.clock.now()
  if (layer === undefined || layer.touched_at > now - IDLE_MILLISECONDS / 4) return layer
  const touched = deps.database.query
    .updateTable('ecr_layers')
    .set({ touched_at: now })
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
  const [outcome] = await deps.database.commit([statement(touched)])
  return outcome?.affected === 1 ? layer : undefined
}

/** The statements by which a repository holds what was received. The bytes may be there already: then those stay. */
export function holdReceived(
  database: Database,
  repository: RepositoryRow,
  layer: { readonly digest: string; readonly size: number; readonly blobId: string },
  now: number,
): Statement[] {
  const { query } = database
  const { digest, size, blobId } = layer
  return [
    statement(
      query.selectFrom('ecr_repositories').select('id').where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
    statement(
      query
        .insertInto('ecr_blobs')
        .values({ digest, blob_id: blobId, size, released_at: null })
        .onConflict((conflict) => conflict.column('digest').doUpdateSet({ released_at: null })),
    ),
    statement(
      query
        .insertInto('ecr_layers')
        .values({ repository_id: repository.id, digest, size, touched_at: now })
        .onConflict((conflict) => conflict.columns(['repository_id', 'digest']).doUpdateSet({ touched_at: now })),
    ),
  ]
}

/** Has a repository hold what another one holds, without its bytes moving. False when the other does not hold it. */
export async function mountLayer(
  deps: EcrDeps,
  from: RepositoryRow,
  to: RepositoryRow,
  digest: string,
): Promise<boolean> {
  const { query } = deps.database
  const now = deps.clock.now()
  const source = query
    .selectFrom('ecr_layers')
    .select((eb) => [
      eb.cast<string>(eb.val(to.id), 'text').as('repository_id'),
      'digest',
      'size',
      eb.cast<number>(eb.val(now), 'bigint').as('touched_at'),
    ])
    .where('repository_id', '=', from.id)
    .where('digest', '=', digest)
  const [, outcome] = await deps.database.commit([
    statement(
      query.selectFrom('ecr_repositories').select('id').where('id', '=', to.id),
      one(() => repositoryNotFound(to)),
    ),
    statement(
      query
        .insertInto('ecr_layers')
        .columns(['repository_id', 'digest', 'size', 'touched_at'])
        .expression(source)
        .onConflict((conflict) => conflict.columns(['repository_id', 'digest']).doUpdateSet({ touched_at: now })),
    ),
  ])
  return outcome?.affected === 1
}

/** Statements by which a repository lets go of a layer; who else holds its bytes keeps them. */
export const releaseLayer = (
  database: Database,
  repositoryId: string,
  digest: string,
  now: number,
): [release: Statement, letGo: Statement] => [
  statement(database.query.updateTable('ecr_blobs').set({ released_at: now }).where('digest', '=', digest)),
  statement(
    database.query.deleteFrom('ecr_layers').where('repository_id', '=', repositoryId).where('digest', '=', digest),
  ),
]
