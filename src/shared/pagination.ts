import { createHash } from 'node:crypto'
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'

/** Where a page ended: the values of the order's columns in its last row. */
export type PageKey = readonly (string | number)[]

/** One page of a list that is ordered by columns which together are unique. */
export interface PageRequest {
  /** At most this many items. */
  readonly size: number
  readonly descending: boolean
  /** The last row of the page before; undefined for the first page. */
  readonly after: PageKey | undefined
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Where the next page begins; undefined on the last. */
  readonly next: PageKey | undefined
}

const CHECKSUM_LENGTH = 12

const checksum = (scope: string, body: string): string =>
  createHash('sha256')
    .update('page\0')
    .update(scope)
    .update('\0')
    .update(body)
    .digest('base64url')
    .slice(0, CHECKSUM_LENGTH)

/**
 * An opaque token for the page after `key`. It is bound to `scope` (the operation, its owner and its filters) and
 * checked when it comes back, so that a list cannot be entered with the token of another.
 */
export function encodePageToken(scope: string, key: PageKey): string {
  const body = JSON.stringify(key)
  return Buffer.from(checksum(scope, body) + body).toString('base64url')
}

/** The key within a token; undefined when the token was not made for `scope`, or was changed. */
export function decodePageToken(scope: string, token: string): PageKey | undefined {
  const bytes = Buffer.from(token, 'base64url')
  // Decoding passes over what is no Base64; a token has one spelling.
  if (bytes.toString('base64url') !== token) return undefined
  const text = bytes.toString()
  const body = text.slice(CHECKSUM_LENGTH)
  if (text.slice(0, CHECKSUM_LENGTH) !== checksum(scope, body)) return undefined
  return JSON.parse(body) as PageKey
}

/**
 * Reads one page: orders by `columns` and starts behind the last row of the page before, by its values and not by
 * counting, so that the hundredth page costs what the first does when an index has these columns.
 */
export async function readPage<Tables, Table extends keyof Tables, Row extends object>(
  query: SelectQueryBuilder<Tables, Table, Row>,
  columns: readonly (keyof Row & string)[],
  page: PageRequest,
): Promise<Page<Row>> {
  const direction = page.descending ? 'desc' : 'asc'
  let ordered = query
  for (const column of columns) ordered = ordered.orderBy(sql.ref(column), direction)
  if (page.after !== undefined) ordered = ordered.where(behind(columns, page.after, page.descending))
  const rows = (await ordered.limit(page.size + 1).execute()) as Row[]
  if (rows.length <= page.size) return { rows, next: undefined }
  const kept = rows.slice(0, page.size)
  const last = kept.at(-1) as Row
  return { rows: kept, next: columns.map((column) => last[column] as string | number) }
}

function behind(columns: readonly string[], key: PageKey, descending: boolean): RawBuilder<SqlBool> {
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const values = sql.join([...key])
  return descending ? sql<SqlBool>`(${names}) < (${values})` : sql<SqlBool>`(${names}) > (${values})`
}

/** `column` contains `text`, whatever the case of either. */
export function contains(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, (special) => `\\${special}`)}%`
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`
}
