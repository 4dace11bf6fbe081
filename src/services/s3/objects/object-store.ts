import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { bucketStands } from '../buckets/bucket-store.ts'
import { preconditionFailed } from '../errors.ts'
import { unquoteEtag } from './preconditions.ts'
import type { WriteCondition } from './write-condition.ts'

/** The id of one content of a key. */
export const newObjectId = (): string => randomUUID()

const objectByKey = prepared<{ bucket: string; key: string }, ObjectRow>((query, value) =>
  query.selectFrom('s3_objects').selectAll().where('bucket', '=', value('bucket')).where('key', '=', value('key')),
)

export const findObject = (database: Database, bucket: string, key: string): Promise<ObjectRow | undefined> =>
  objectByKey.first(database, { bucket, key })

const CHANGED = [
  'object_id',
  'size',
  'etag',
  'last_modified',
  'storage_class',
  'checksum_algorithm',
  'checksum_type',
  'checksum',
  'part_count',
  'upload_id',
  'headers',
  'metadata',
  'tags',
  'encryption',
] as const satisfies readonly (keyof ObjectRow)[]

/** Rows of different keys, each in the place of whatever has its key. */
const putObjects = preparedForRows<ObjectRow>(['bucket', 'key', ...CHANGED], (query, rows) =>
  query
    .insertInto('s3_objects')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['bucket', 'key'])
        .doUpdateSet((of) => Object.fromEntries(CHANGED.map((column) => [column, of.ref(`excluded.${column}`)]))),
    ),
)

/** An object that is to be put, without a condition, into a bucket of this account. */
export interface PutObject {
  readonly account: string
  readonly object: ObjectRow
}

/** As `putObjectUnit` without a condition, of many at once; of two with the same key the later one stays. */
export function putObjectsUnit(database: Database, puts: readonly PutObject[], now: number): Statement[] {
  const buckets = new Map(puts.map((put) => [`${put.account}/${put.object.bucket}`, put]))
  const guards = [...buckets.values()].map(({ account, object }) => bucketStands(database, object.bucket, account))
  return [...guards, ...replaceObjects(database, puts, now)]
}

function replaceObjects(database: Database, puts: readonly PutObject[], now: number): Statement[] {
  const first = new Map<string, ObjectRow>()
  const again: PutObject[] = []
  for (const put of puts) {
    const name = `${put.object.bucket}/${put.object.key}`
    if (first.has(name)) again.push(put)
    else first.set(name, put.object)
  }
  const objects = [...first.values()]
  const buckets = Map.groupBy(objects, ({ bucket }) => bucket)
  return [
    ...[...buckets].flatMap(([bucket, those]) => releaseObjects(database, bucket, those, now)),
    ...putObjects(database, objects),
    ...(again.length === 0 ? [] : replaceObjects(database, again, now)),
  ]
}

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
  const guard = bucketStands(database, object.bucket, account)
  if (condition.kind === 'absent') {
    const insert = database.query.insertInto('s3_objects').values(object)
    return [
      guard,
      statement(
        insert.onConflict((conflict) => conflict.doNothing()),
        one(() => preconditionFailed('If-None-Match')),
      ),
    ]
  }
  const { bucket, key } = object
  return [
    guard,
    ...(condition.kind === 'matches' ? [etagStands(database, bucket, key, condition.etag)] : []),
    ...releaseObjects(database, bucket, [{ key }], now),
    ...putObjects(database, [object]),
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
  ...releaseObjects(database, bucket, [{ key }], now),
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

/** Hands the bytes of the objects that have these keys to the sweeper. */
const releaseObjects = (
  database: Database,
  bucket: string,
  objects: readonly Pick<ObjectRow, 'key'>[],
  now: number,
): Statement[] => releases(database, objects, { leading: [now, bucket] })

const releases = preparedForRows<Pick<ObjectRow, 'key'>>(['key'], (query, rows) =>
  query
    .insertInto('s3_released')
    .columns(['owner_id', 'released_at'])
    .expression(
      query
        .selectFrom('s3_objects')
        .select((of) => ['object_id', of.cast<number>(of.val(0), 'bigint').as('released_at')])
        .where('bucket', '=', '')
        .where(
          'key',
          'in',
          rows.map(({ key }) => key),
        ),
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
