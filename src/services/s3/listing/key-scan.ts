import type { ListPosition } from './continuation-token.ts'
import { afterPrefix } from './key-order.ts'

/** Where a read of the index starts: at a key, that key included, or behind a position already seen. */
export type Cursor<Position> = { readonly at: string } | { readonly behind: Position }

/** What a list shows: a row, or a common prefix that stands for all rows below it. */
export type Entry<Row> = { readonly row: Row } | { readonly commonPrefix: string }

/** `Position` is the part of a row that orders the list: its key, and whatever tells rows of one key apart. */
export interface KeyScan<Row extends Position, Position> {
  readonly prefix: string
  /** Keys that agree up to and including its first occurrence behind the prefix are shown as one common prefix. */
  readonly delimiter: string | undefined
  readonly start: Cursor<Position>
  /** A common prefix that an earlier page has shown, or that a marker lies in: it is not shown again. */
  readonly hiddenPrefix?: (commonPrefix: string) => boolean
  readonly limit: number
  /** Reads up to `limit` rows in key order from the cursor on. */
  readonly read: (cursor: Cursor<Position>, limit: number) => Promise<readonly Row[]>
}

export interface KeyPage<Row> {
  readonly entries: readonly Entry<Row>[]
  /** Whether more would follow. */
  readonly truncated: boolean
}

const SMALLEST_BATCH = 16

/**
 * Reads one page of a list. A common prefix is not read through: the scan jumps behind it, so that a page costs in
 * proportion to what it shows and not to what lies below its prefixes.
 */
export async function scanKeys<Row extends Position, Position extends { readonly key: string }>(
  scan: KeyScan<Row, Position>,
): Promise<KeyPage<Row>> {
  const entries: Entry<Row>[] = []
  let cursor: Cursor<Position> = scan.start
  let collapsing: string | undefined
  let batch = scan.limit + 1
  if (scan.limit === 0) return { entries, truncated: false }
  for (;;) {
    const rows = await scan.read(cursor, batch)
    const before = entries.length
    for (const row of rows) {
      if (collapsing !== undefined && row.key.startsWith(collapsing)) continue
      collapsing = commonPrefixOf(row.key, scan)
      if (collapsing !== undefined && scan.hiddenPrefix?.(collapsing) === true) continue
      if (entries.length === scan.limit) return { entries, truncated: true }
      entries.push(collapsing === undefined ? { row } : { commonPrefix: collapsing })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < batch) return { entries, truncated: false }
    const behind = collapsing === undefined ? undefined : afterPrefix(collapsing)
    if (collapsing !== undefined && behind === undefined) return { entries, truncated: false }
    cursor = behind === undefined ? { behind: last } : { at: behind }
    // A batch that showed little was mostly below common prefixes: the next ones are likely to be, too.
    const shown = entries.length - before
    batch = shown * 2 < rows.length ? Math.max(SMALLEST_BATCH, shown * 2) : scan.limit - entries.length + 1
  }
}

function commonPrefixOf(key: string, scan: { prefix: string; delimiter: string | undefined }): string | undefined {
  if (scan.delimiter === undefined || scan.delimiter === '') return undefined
  const at = key.indexOf(scan.delimiter, scan.prefix.length)
  return at === -1 ? undefined : key.slice(0, at + scan.delimiter.length)
}

/** The position behind the last entry of a page. */
export function positionBehind<Row extends { readonly key: string }>(entry: Entry<Row>): ListPosition {
  return 'row' in entry ? { kind: 'key', value: entry.row.key } : { kind: 'prefix', value: entry.commonPrefix }
}
