import { randomUUID } from 'node:crypto'
import type { RepositoryRow, UploadPartRow, UploadRow } from '../../../storage/schema/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound, uploadNotFound } from '../errors.ts'

const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Begins an upload and returns its id. */
export async function startUpload(deps: EcrDeps, repository: RepositoryRow): Promise<string> {
  const { query } = deps.database
  const id = randomUUID()
  const row: UploadRow = {
    id,
    repository_id: repository.id,
    size: 0,
    part_count: 0,
    touched_at: deps.clock.now(),
  }
  await deps.database.commit([
    statement(
      query.selectFrom('ecr_repositories').select('id').where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
    statement(query.insertInto('ecr_uploads').values(row)),
  ])
  return id
}

/** The upload, in this repository. */
export async function requireUpload(deps: EcrDeps, repository: RepositoryRow, id: string): Promise<UploadRow> {
  if (!UPLOAD_ID.test(id)) throw uploadNotFound(repository, id)
  const row = await deps.database.query
    .selectFrom('ecr_uploads')
    .selectAll()
    .where('id', '=', id)
    .where('repository_id', '=', repository.id)
    .executeTakeFirst()
  if (row === undefined) throw uploadNotFound(repository, id)
  return row
}

/** In the order of their bytes. */
export const readParts = (deps: EcrDeps, uploadId: string): Promise<UploadPartRow[]> =>
  deps.database.query
    .selectFrom('ecr_upload_parts')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .orderBy('first_byte')
    .execute()

/** Ends an upload and removes what it has received. */
export async function cancelUpload(deps: EcrDeps, repository: RepositoryRow, id: string): Promise<void> {
  if (!UPLOAD_ID.test(id)) throw uploadNotFound(repository, id)
  const { query } = deps.database
  const [, parts] = await deps.database.commit([
    statement(
      query.deleteFrom('ecr_uploads').where('id', '=', id).where('repository_id', '=', repository.id),
      one(() => uploadNotFound(repository, id)),
    ),
    statement(query.deleteFrom('ecr_upload_parts').where('upload_id', '=', id).returning('blob_id')),
  ])
  await removePartBlobs(
    deps,
    (parts?.rows ?? []).map((row) => String(row.blob_id)),
  )
}

/** Removes blobs whose rows are gone. What cannot be removed now is an orphan, and swept as one. */
export async function removePartBlobs(deps: Pick<EcrDeps, 'blobs'>, blobIds: readonly string[]): Promise<void> {
  for (const blobId of blobIds) await deps.blobs.remove(blobId).catch(() => {})
}
