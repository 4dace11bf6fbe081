import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../../../storage/database.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { bucketStands } from '../buckets/bucket-store.ts'
import { preconditionFailed } from '../errors.ts'
import { unquoteEtag } from './preconditions.ts'
import type { WriteCondition } from './write-condition.ts'

/** The id of one content of a key. */
export const newObjectId = (): string => randomUUID()

export const findObject = (database: Database, bucket: string, key: string): Promise<ObjectRow | undefined> =>
  database.query
    .selectFrom('s3_objects')
    .selectAll()
    .where('bucket', '=', bucket)
    .where('key', '=', key)
    .executeTakeFirst()

/**
 * Puts an object in the place of whatever has its key: one unit with the statements that give it its slices. Readers
 * see the old object or the new one; the old one's bytes are released.
 */
export function putObjectUnit(
  database: Database,
  account: string,
  object: ObjectRow,
  condition: WriteCondition,
  now: number,
): Statement[] {
  const insert = database.query.insertInto('s3_objects').values(object)
  const guard = bucketStands(database, object.bucket, account)
  if (condition.kind === 'absent') {
    return [
      guard,
      statement(
        insert.onConflict((conflict) => conflict.doNothing()),
        one(() => preconditionFailed('If-None-Match')),
      ),
    ]
  }
  const { bucket, key, ...changed } = object
  return [
    guard,
    ...(condition.kind === 'matches' ? [etagStands(database, bucket, key, condition.etag)] : []),
    releaseObject(database, bucket, key, now),
    statement(insert.onConflict((conflict) => conflict.columns(['bucket', 'key']).doUpdateSet(changed))),
  ]
}

/** Deletes the object if there is one; nothing happens otherwise. `etag`: it must not be another content's. */
export const deleteObjectUnit = (
  database: Database,
  bucket: string,
  key: string,
  etag: string | undefined,
  now: number,
): Statement[] => [
  ...(etag === undefined || unquoteEtag(etag) === '*' ? [] : [noOtherEtag(database, bucket, key, etag)]),
  releaseObject(database, bucket, key, now),
  statement(database.query.deleteFrom('s3_objects').where('bucket', '=', bucket).where('key', '=', key)),
]

/** The guard of a conditional write: the object that is there has this entity tag. */
const etagStands = (database: Database, bucket: string, key: string, etag: string): Statement =>
  statement(
    database.query
      .selectFrom('s3_objects')
      .select('object_id')
      .where('bucket', '=', bucket)
      .where('key', '=', key)
      .where('etag', '=', unquoteEtag(etag)),
    one(() => preconditionFailed('If-Match')),
  )

/** The guard of a conditional deletion: there is no object of another entity tag. */
const noOtherEtag = (database: Database, bucket: string, key: string, etag: string): Statement =>
  statement(
    database.query
      .selectFrom('s3_objects')
      .select('object_id')
      .where('bucket', '=', bucket)
      .where('key', '=', key)
      .where('etag', '!=', unquoteEtag(etag)),
    none(() => preconditionFailed('If-Match')),
  )

/** Hands the bytes of the object that has this key to the sweeper. */
const releaseObject = (database: Database, bucket: string, key: string, now: number): Statement =>
  statement(
    database.query
      .insertInto('s3_released')
      .columns(['owner_id', 'released_at'])
      .expression(
        database.query
          .selectFrom('s3_objects')
          .select((eb) => ['object_id', eb.cast<number>(eb.val(now), 'bigint').as('released_at')])
          .where('bucket', '=', bucket)
          .where('key', '=', key),
      ),
  )

/** The guard of a copy: the source is still the object that was looked at, so its blobs are still there. */
export const objectStands = (database: Database, object: ObjectRow, otherwise: () => Error): Statement =>
  statement(
    database.query
      .selectFrom('s3_objects')
      .select('object_id')
      .where('bucket', '=', object.bucket)
      .where('key', '=', object.key)
      .where('object_id', '=', object.object_id),
    one(otherwise),
  )

export const setObjectTags = (
  database: Database,
  bucket: string,
  key: string,
  tags: string | null,
  otherwise: () => Error,
): Statement =>
  statement(
    database.query.updateTable('s3_objects').set({ tags }).where('bucket', '=', bucket).where('key', '=', key),
    one(otherwise),
  )
