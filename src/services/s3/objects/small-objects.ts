import type { Database } from '../../../storage/database.ts'
import { preparedForCounts } from '../../../storage/prepared-counts.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'

/** An object whose bytes lie in the database, with all that it takes to read it. */
export interface SmallObject {
  /** Whose the bucket was in the moment of the read. */
  readonly account: string
  readonly object: Pick<
    ObjectRow,
    'bucket' | 'key' | 'object_id' | 'size' | 'etag' | 'last_modified' | 'headers' | 'encryption'
  >
  readonly slice: {
    readonly blobId: string
    readonly offset: number
    readonly size: number
    readonly sealedKey: string | null
  }
  readonly content: Uint8Array
}

/** A query asks for one of these numbers of keys, so that few different ones have to be kept compiled. */
const SIZES = [1, 4, 16, 64] as const
const MOST = 64

/** Its parameters are the bucket, twice, and the keys. Only a slice that is all of its object is found. */
const queryOf = preparedForCounts<FoundRow>((query, count) =>
  query
    .selectFrom('s3_objects as o')
    .innerJoin('s3_buckets as b', 'b.name', 'o.bucket')
    .innerJoin('s3_slices as s', 's.owner_id', 'o.object_id')
    .select(['b.account', 'o.key', 'o.object_id', 'o.size', 'o.etag', 'o.last_modified', 'o.headers', 'o.encryption'])
    .select(['s.blob_id', 's.blob_offset', 's.sealed_key', 's.content'])
    .where('b.name', '=', '')
    .where('o.bucket', '=', '')
    .where(
      'o.key',
      'in',
      Array.from({ length: count }, () => ''),
    )
    .whereRef('s.size', '=', 'o.size')
    .where('s.content', 'is not', null),
)

interface FoundRow {
  readonly account: string
  readonly key: string
  readonly object_id: string
  readonly size: number
  readonly etag: string
  readonly last_modified: number
  readonly headers: string
  readonly encryption: string | null
  readonly blob_id: string
  readonly blob_offset: number
  readonly sealed_key: string | null
  readonly content: Uint8Array
}

/** Objects of a bucket, many in one read. Those that are not there, are empty, or lie in files, are not among them. */
export async function findSmallObjects(
  database: Database,
  bucket: string,
  keys: readonly string[],
): Promise<readonly SmallObject[]> {
  const found: SmallObject[] = []
  for (let at = 0; at < keys.length; at += MOST) {
    const some = keys.slice(at, at + MOST)
    const size = SIZES.find((candidate) => candidate >= some.length) ?? MOST
    // The same key again asks for nothing more.
    const filled = [...some, ...Array.from({ length: size - some.length }, () => some[0])]
    const { rows } = await database.query.executeQuery(queryOf(database, size, [bucket, bucket, ...filled]))
    for (const row of rows) found.push(smallObject(bucket, row))
  }
  return found
}

function smallObject(bucket: string, row: FoundRow): SmallObject {
  const { account, key, object_id, size, etag, last_modified, headers, encryption, content } = row
  return {
    account,
    object: { bucket, key, object_id, size, etag, last_modified, headers, encryption },
    slice: { blobId: row.blob_id, offset: row.blob_offset, size, sealedKey: row.sealed_key },
    content,
  }
}
