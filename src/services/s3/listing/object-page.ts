import type { Database } from '../../../storage/database.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import { invalidArgument } from '../errors.ts'
import type { ListPosition } from './continuation-token.ts'
import { afterPrefix, compareKeys } from './key-order.ts'
import type { Cursor, KeyPage } from './key-scan.ts'
import { scanKeys } from './key-scan.ts'

const MOST_KEYS = 1000

export type ListedObject = Pick<
  ObjectRow,
  'key' | 'size' | 'etag' | 'last_modified' | 'storage_class' | 'checksum_algorithm' | 'checksum_type'
>

/** What one list request asks for, in whichever version of the API. */
export interface ObjectList {
  readonly bucket: string
  readonly prefix: string
  readonly delimiter: string | undefined
  /** Only keys behind this position. */
  readonly after: ListPosition | undefined
  readonly limit: number
  readonly hiddenPrefix?: (commonPrefix: string) => boolean
}

/** How many keys a page may hold: 1000 at most, whatever is asked for. */
export function pageLimit(maxKeys: number | undefined, name: string): number {
  if (maxKeys === undefined) return MOST_KEYS
  if (!Number.isInteger(maxKeys) || maxKeys < 0 || maxKeys > 2147483647) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, maxKeys)
  }
  return Math.min(maxKeys, MOST_KEYS)
}

/** Reads one page of a bucket's objects, by ranges of the primary key. */
export function listObjectPage(database: Database, list: ObjectList): Promise<KeyPage<ListedObject>> {
  const end = afterPrefix(list.prefix)
  const read = (cursor: Cursor<{ key: string }>, limit: number): Promise<ListedObject[]> => {
    let query = database.query
      .selectFrom('s3_objects')
      .select(['key', 'size', 'etag', 'last_modified', 'storage_class', 'checksum_algorithm', 'checksum_type'])
      .where('bucket', '=', list.bucket)
    query = 'at' in cursor ? query.where('key', '>=', cursor.at) : query.where('key', '>', cursor.behind.key)
    if (end !== undefined) query = query.where('key', '<', end)
    return query.orderBy('key').limit(limit).execute()
  }
  const start = startOf(list)
  if (start === undefined) return Promise.resolve({ entries: [], truncated: false })
  return scanKeys<ListedObject, { key: string }>({ ...list, start, read })
}

/** The later of the prefix's beginning and the position behind which to list; undefined when nothing can follow. */
function startOf(list: ObjectList): Cursor<{ key: string }> | undefined {
  const atPrefix = { at: list.prefix }
  if (list.after === undefined) return atPrefix
  if (list.after.kind === 'key') {
    return compareKeys(list.after.value, list.prefix) < 0 ? atPrefix : { behind: { key: list.after.value } }
  }
  const behind = afterPrefix(list.after.value)
  if (behind === undefined) return undefined
  return compareKeys(behind, list.prefix) < 0 ? atPrefix : { at: behind }
}

/** Whole rows under a prefix, behind a key, in key order. */
export function readObjectRows(
  database: Database,
  bucket: string,
  prefix: string,
  after: string | undefined,
  limit: number,
): Promise<ObjectRow[]> {
  const end = afterPrefix(prefix)
  let query = database.query.selectFrom('s3_objects').selectAll().where('bucket', '=', bucket)
  query = after === undefined ? query.where('key', '>=', prefix) : query.where('key', '>', after)
  if (end !== undefined) query = query.where('key', '<', end)
  return query.orderBy('key').limit(limit).execute()
}
