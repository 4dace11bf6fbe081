import type { Database, Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { SliceRow } from '../../../storage/schema/s3.ts'
import { statement } from '../../../storage/statement.ts'

/** A run of bytes of one blob, as content is put together from. */
export interface Slice {
  readonly blobId: string
  readonly offset: number
  readonly size: number
  readonly partNumber: number
  /** Base64 checksum of the whole part, at its first slice. */
  readonly partChecksum: string | null
  /** The blob's key, sealed; null when the blob is plain. */
  readonly sealedKey: string | null
  /** All of the blob, sealed, when it is small; null: it is a file. */
  readonly content: Uint8Array | null
}

const slicesOfOwner = prepared<{ ownerId: string }, SliceRow>((query, value) =>
  query
    .selectFrom('s3_slices')
    .selectAll()
    .where('owner_id', '=', value('ownerId'))
    .orderBy('part_number')
    .orderBy('position'),
)

/** An owner's slices in the order of its bytes. They never change: an object that is written anew has another owner. */
export async function readSlices(database: Database, ownerId: string): Promise<Slice[]> {
  const rows = await slicesOfOwner.rows(database, { ownerId })
  return rows.map((row) => ({
    blobId: row.blob_id,
    offset: row.blob_offset,
    size: row.size,
    partNumber: row.part_number,
    partChecksum: row.part_checksum,
    sealedKey: row.sealed_key,
    content: row.content,
  }))
}

/** Gives an owner its slices. */
export const insertSlices = (database: Database, ownerId: string, slices: readonly Slice[]): Statement[] =>
  insertSlicesOf(database, [{ ownerId, slices }])

/** Gives owners their slices. */
export function insertSlicesOf(
  database: Database,
  owners: readonly { readonly ownerId: string; readonly slices: readonly Slice[] }[],
): Statement[] {
  return inserts(
    database,
    owners.flatMap(({ ownerId, slices }) => rowsOf(ownerId, slices)),
  )
}

const rowsOf = (ownerId: string, slices: readonly Slice[]): SliceRow[] =>
  slices.map(
    (slice, position): SliceRow => ({
      owner_id: ownerId,
      part_number: slice.partNumber,
      position,
      blob_id: slice.blobId,
      blob_offset: slice.offset,
      size: slice.size,
      part_checksum: slice.partChecksum,
      sealed_key: slice.sealedKey,
      content: slice.content,
    }),
  )

const inserts = preparedForRows<SliceRow>(
  ['owner_id', 'part_number', 'position', 'blob_id', 'blob_offset', 'size', 'part_checksum', 'sealed_key', 'content'],
  (query, rows) => query.insertInto('s3_slices').values(rows),
)

/** All columns but the owner's. */
const SHARED = [
  'part_number',
  'position',
  'blob_id',
  'blob_offset',
  'size',
  'part_checksum',
  'sealed_key',
  'content',
] as const

/** Lets another owner share all slices of this one, whose keys the same box must open: a copy that moves no bytes. */
export const shareSlices = (database: Database, fromOwner: string, toOwner: string): Statement =>
  statement(
    database.query
      .insertInto('s3_slices')
      .columns(['owner_id', ...SHARED])
      .expression(
        database.query
          .selectFrom('s3_slices')
          .select((eb) => [eb.cast<string>(eb.val(toOwner), 'text').as('owner_id'), ...SHARED])
          .where('owner_id', '=', fromOwner),
      ),
  )

/** The slices, cut at both ends, that hold the bytes from `first` to `last`, both counted. */
export function cutSlices(slices: readonly Slice[], first: number, last: number): Slice[] {
  const cut: Slice[] = []
  let start = 0
  for (const slice of slices) {
    const from = Math.max(first, start)
    const to = Math.min(last, start + slice.size - 1)
    if (from <= to) cut.push({ ...slice, offset: slice.offset + (from - start), size: to - from + 1 })
    start += slice.size
    if (start > last) break
  }
  return cut
}
