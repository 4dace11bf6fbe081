import type { Database, Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import type { BucketRow } from '../../../storage/schema/s3.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { bucketNotEmpty, noSuchBucket, operationAborted } from '../errors.ts'

/** Where an object is put. */
export type BucketPlace = Pick<BucketRow, 'name' | 'account' | 'region' | 'encryption'>

const bucketByName = prepared<{ name: string }, BucketRow>((query, value) =>
  query.selectFrom('s3_buckets').selectAll().where('name', '=', value('name')),
)

export const findBucket = (database: Database, name: string): Promise<BucketRow | undefined> =>
  bucketByName.first(database, { name })

/** The account's buckets in the order of their names, from behind `after` on. */
export const listBuckets = (
  database: Database,
  account: string,
  page: { readonly prefix: string; readonly region?: string; readonly after?: string; readonly limit: number },
): Promise<BucketRow[]> => {
  let query = database.query.selectFrom('s3_buckets').selectAll().where('account', '=', account)
  // Names are plain ASCII, so the tilde closes the range of a prefix.
  if (page.prefix !== '') query = query.where('name', '>=', page.prefix).where('name', '<', `${page.prefix}~`)
  if (page.region !== undefined) query = query.where('region', '=', page.region)
  if (page.after !== undefined) query = query.where('name', '>', page.after)
  return query.orderBy('name').limit(page.limit).execute()
}

/** Creates the bucket unless the name is taken. */
export const insertBucket = (database: Database, bucket: BucketRow, taken: () => Error): Statement =>
  statement(
    database.query
      .insertInto('s3_buckets')
      .values(bucket)
      .onConflict((conflict) => conflict.doNothing()),
    one(taken),
  )

/** The guard for whatever is put into a bucket: it is still there and still this account's. */
export const bucketStands = (database: Database, name: string, account: string): Statement =>
  standing.statement(
    database,
    { name, account },
    one(() => noSuchBucket(name)),
  )

const standing = prepared<{ name: string; account: string }>((query, value) =>
  query
    .selectFrom('s3_buckets')
    .select('name')
    .where('name', '=', value('name'))
    .where('account', '=', value('account')),
)

/** Deletes an empty bucket. Unfinished uploads go with it; their bytes are released. */
export function deleteBucketUnit(database: Database, name: string, account: string, now: number): Statement[] {
  const { query } = database
  const uploads = query.selectFrom('s3_uploads').select('upload_id').where('bucket', '=', name)
  return [
    bucketStands(database, name, account),
    statement(
      query.selectFrom('s3_objects').select('object_id').where('bucket', '=', name).limit(1),
      none(() => bucketNotEmpty(name)),
    ),
    statement(
      query
        .insertInto('s3_released')
        .columns(['owner_id', 'released_at'])
        .expression(
          query
            .selectFrom('s3_parts')
            .select((eb) => ['part_id', eb.cast<number>(eb.val(now), 'bigint').as('released_at')])
            .where('upload_id', 'in', uploads),
        ),
    ),
    statement(query.deleteFrom('s3_parts').where('upload_id', 'in', uploads)),
    statement(query.deleteFrom('s3_uploads').where('bucket', '=', name)),
    statement(query.deleteFrom('s3_buckets').where('name', '=', name)),
  ]
}

export const setBucketEncryption = (
  database: Database,
  name: string,
  account: string,
  encryption: string | null,
): Statement =>
  statement(
    database.query
      .updateTable('s3_buckets')
      .set({ encryption })
      .where('name', '=', name)
      .where('account', '=', account),
    one(() => noSuchBucket(name)),
  )

export const setBucketTags = (database: Database, name: string, account: string, tags: string | null): Statement =>
  statement(
    database.query.updateTable('s3_buckets').set({ tags }).where('name', '=', name).where('account', '=', account),
    one(() => noSuchBucket(name)),
  )

/**
 * Puts a policy, or takes it away. Fails when the settings against public buckets are no longer those under which the
 * policy was admitted.
 */
export const setBucketPolicy = (database: Database, bucket: BucketRow, policy: string | null): Statement => {
  const blocks = bucket.public_access_block
  const update = database.query
    .updateTable('s3_buckets')
    .set({ policy })
    .where('name', '=', bucket.name)
    .where('account', '=', bucket.account)
  return statement(
    blocks === null
      ? update.where('public_access_block', 'is', null)
      : update.where('public_access_block', '=', blocks),
    one(operationAborted),
  )
}

export const setPublicAccessBlock = (database: Database, bucket: BucketRow, block: string | null): Statement =>
  statement(
    database.query
      .updateTable('s3_buckets')
      .set({ public_access_block: block })
      .where('name', '=', bucket.name)
      .where('account', '=', bucket.account),
    one(() => noSuchBucket(bucket.name)),
  )
