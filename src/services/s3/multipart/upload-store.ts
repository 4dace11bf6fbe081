import type { Database, Statement } from '../../../storage/database.ts'
import type { PartRow, UploadRow } from '../../../storage/schema/s3.ts'
import { one, statement } from '../../../storage/statement.ts'
import { bucketStands } from '../buckets/bucket-store.ts'
import { invalidArgument, invalidPart, noSuchUpload } from '../errors.ts'

/** The upload in progress; one of another bucket or key is not found. `uploadId` may be missing in a raw request. */
export async function requireUpload(
  database: Database,
  bucket: string,
  key: string,
  uploadId: string | undefined,
): Promise<UploadRow> {
  if (uploadId === undefined) throw invalidArgument('This operation needs the id of an upload', 'uploadId', undefined)
  const upload = await database.query
    .selectFrom('s3_uploads')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .where('bucket', '=', bucket)
    .where('key', '=', key)
    .executeTakeFirst()
  if (upload === undefined) throw noSuchUpload(uploadId)
  return upload
}

export const insertUpload = (database: Database, account: string, upload: UploadRow): Statement[] => [
  bucketStands(database, upload.bucket, account),
  statement(database.query.insertInto('s3_uploads').values(upload)),
]

/** The parts from behind a number on, in order. */
export const readParts = (
  database: Database,
  uploadId: string,
  page: { readonly after: number; readonly limit?: number } = { after: 0 },
): Promise<PartRow[]> => {
  const query = database.query
    .selectFrom('s3_parts')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .where('part_number', '>', page.after)
    .orderBy('part_number')
  return (page.limit === undefined ? query : query.limit(page.limit)).execute()
}

/** Puts a part in the place of one with its number, as long as the upload is in progress. */
export function putPartUnit(database: Database, part: PartRow, now: number): Statement[] {
  const { upload_id, part_number, ...changed } = part
  return [
    uploadStands(database, upload_id),
    releaseParts(database, upload_id, now, part_number),
    statement(
      database.query
        .insertInto('s3_parts')
        .values(part)
        .onConflict((conflict) => conflict.columns(['upload_id', 'part_number']).doUpdateSet(changed)),
    ),
  ]
}

/** Ends an upload without an object; its bytes are released. */
export const abortUploadUnit = (database: Database, uploadId: string, now: number): Statement[] => [
  endUpload(database, uploadId),
  releaseParts(database, uploadId, now),
  dropParts(database, uploadId),
]

/**
 * Turns an upload's listed parts into the content of an object: their slices change owner, no byte moves. Parts that
 * are not listed are released. Fails when a listed part has been replaced since it was looked at.
 */
export function completeUploadUnit(
  database: Database,
  upload: UploadRow,
  parts: readonly PartRow[],
  objectId: string,
  now: number,
): Statement[] {
  const { query } = database
  const listed = parts.map((part) => part.part_id)
  return [
    endUpload(database, upload.upload_id),
    statement(query.deleteFrom('s3_parts').where('upload_id', '=', upload.upload_id).where('part_id', 'in', listed), {
      rows: parts.length,
      otherwise: () => invalidPart(upload.upload_id, parts[0]?.part_number ?? 0, parts[0]?.etag ?? ''),
    }),
    statement(query.updateTable('s3_slices').set({ owner_id: objectId }).where('owner_id', 'in', listed)),
    releaseParts(database, upload.upload_id, now),
    dropParts(database, upload.upload_id),
  ]
}

const uploadStands = (database: Database, uploadId: string): Statement =>
  statement(
    database.query.selectFrom('s3_uploads').select('upload_id').where('upload_id', '=', uploadId),
    one(() => noSuchUpload(uploadId)),
  )

const endUpload = (database: Database, uploadId: string): Statement =>
  statement(
    database.query.deleteFrom('s3_uploads').where('upload_id', '=', uploadId),
    one(() => noSuchUpload(uploadId)),
  )

const dropParts = (database: Database, uploadId: string): Statement =>
  statement(database.query.deleteFrom('s3_parts').where('upload_id', '=', uploadId))

/** Hands the bytes of the upload's parts, or of one of them, to the sweeper. */
function releaseParts(database: Database, uploadId: string, now: number, partNumber?: number): Statement {
  const parts = database.query
    .selectFrom('s3_parts')
    .select((eb) => ['part_id', eb.cast<number>(eb.val(now), 'bigint').as('released_at')])
    .where('upload_id', '=', uploadId)
  return statement(
    database.query
      .insertInto('s3_released')
      .columns(['owner_id', 'released_at'])
      .expression(partNumber === undefined ? parts : parts.where('part_number', '=', partNumber)),
  )
}
