import { decodePageToken, encodePageToken, type Page, type PageKey } from '../../shared/pagination.ts'
import { validationError } from './errors.ts'

const DEFAULT_ITEMS = 100

export interface PagedInput {
  readonly Marker?: string
  readonly MaxItems?: number
}

export interface PagedOutput {
  readonly IsTruncated: boolean
  readonly Marker: string | undefined
}

/** What a list was asked for. `scope` tells one list from another, so that a marker opens only its own. */
export function pageRequest(
  scope: readonly unknown[],
  input: PagedInput,
): { size: number; after: PageKey | undefined } {
  const size = input.MaxItems ?? DEFAULT_ITEMS
  if (input.Marker === undefined) return { size, after: undefined }
  const after = decodePageToken(JSON.stringify(scope), input.Marker)
  if (after === undefined) throw validationError('Invalid Marker.')
  return { size, after }
}

export const pageOutput = (scope: readonly unknown[], page: Page<unknown>): PagedOutput => ({
  IsTruncated: page.next !== undefined,
  Marker: page.next === undefined ? undefined : encodePageToken(JSON.stringify(scope), page.next),
})

/** One page of a list that is short enough to be read whole, in the order of its unique keys. */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  scope: readonly unknown[],
  input: PagedInput,
): { readonly items: readonly Item[] } & PagedOutput {
  const { size, after } = pageRequest(scope, input)
  const sorted = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > String(after[0]))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
  const kept = sorted.slice(0, size)
  const next = sorted.length > size ? [kept.at(-1)!.key] : undefined
  return { items: kept.map(({ item }) => item), ...pageOutput(scope, { rows: [], next }) }
}
