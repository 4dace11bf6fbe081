import type { Database } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
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

/** An object of two slices or more is told by the second. */
const found = prepared<{ bucket: string; key: string }, FoundRow>((query, value) =>
  query
    .selectFrom('s3_buckets as b')
    .innerJoin('s3_objects as o', 'o.bucket', 'b.name')
    .innerJoin('s3_slices as s', 's.owner_id', 'o.object_id')
    .select(['b.account', 'o.object_id', 'o.size', 'o.etag', 'o.last_modified', 'o.headers', 'o.encryption'])
    .select(['s.blob_id', 's.blob_offset', 's.size as slice_size', 's.sealed_key', 's.content'])
    .where('b.name', '=', value('bucket'))
    .where('o.bucket', '=', value('bucket'))
    .where('o.key', '=', value('key'))
    .limit(2),
)

interface FoundRow {
  readonly account: string
  readonly object_id: string
  readonly size: number
  readonly etag: string
  readonly last_modified: number
  readonly headers: string
  readonly encryption: string | null
  readonly blob_id: string
  readonly blob_offset: number
  readonly slice_size: number
  readonly sealed_key: string | null
  readonly content: Uint8Array | null
}

/** One read in place of three. Undefined for what is not there, is empty, or lies in files. */
export async function findSmallObject(
  database: Database,
  bucket: string,
  key: string,
): Promise<SmallObject | undefined> {
  const [row, second] = await found.rows(database, { bucket, key })
  if (row === undefined || second !== undefined || row.content === null) return undefined
  const { account, object_id, size, etag, last_modified, headers, encryption, content } = row
  return {
    account,
    object: { bucket, key, object_id, size, etag, last_modified, headers, encryption },
    slice: { blobId: row.blob_id, offset: row.blob_offset, size: row.slice_size, sealedKey: row.sealed_key },
    content,
  }
}
