import type { CommonPrefix, Object as ListedEntry } from '../../../model/generated/s3.ts'
import type { Entry } from './key-scan.ts'
import type { ListedObject } from './object-page.ts'
import type { KeyEncoding } from './url-encoding.ts'

/** An object as a list shows it. */
export function objectEntry(row: ListedObject, encode: KeyEncoding): ListedEntry {
  return {
    Key: encode(row.key),
    LastModified: row.last_modified,
    ETag: `"${row.etag}"`,
    ChecksumAlgorithm: [row.checksum_algorithm] as ListedEntry['ChecksumAlgorithm'],
    ChecksumType: row.checksum_type as ListedEntry['ChecksumType'],
    Size: row.size,
    StorageClass: row.storage_class as ListedEntry['StorageClass'],
  }
}

/** Splits a page into its rows and its common prefixes, as S3's answers do. */
export function splitEntries<Row>(
  entries: readonly Entry<Row>[],
  encode: KeyEncoding,
): { rows: Row[]; commonPrefixes: CommonPrefix[] } {
  const rows: Row[] = []
  const commonPrefixes: CommonPrefix[] = []
  for (const entry of entries) {
    if ('row' in entry) rows.push(entry.row)
    else commonPrefixes.push({ Prefix: encode(entry.commonPrefix) })
  }
  return { rows, commonPrefixes }
}

/** An element that is shown only when the request gave it. */
export const encoded = (text: string | undefined, encode: KeyEncoding): string | undefined =>
  text === undefined || text === '' ? undefined : encode(text)
