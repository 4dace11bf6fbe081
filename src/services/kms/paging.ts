import { decodePageToken, encodePageToken, type Page, type PageKey, type PageRequest } from '../../shared/pagination.ts'
import { badMarker } from './errors.ts'

export interface PagedInput {
  readonly Limit?: number
  readonly Marker?: string
}

export interface PagedOutput {
  readonly Truncated: boolean
  readonly NextMarker?: string
}

/** How many items a page has when none is asked for, and at most. */
export interface PageSizes {
  readonly usual: number
  readonly most: number
}

/** What a list was asked for. `scope` tells one list from another, so that a marker opens only its own. */
export function pageRequest(scope: readonly string[], input: PagedInput, sizes: PageSizes): PageRequest {
  const size = Math.min(input.Limit ?? sizes.usual, sizes.most)
  return { size, descending: false, after: input.Marker === undefined ? undefined : keyOf(scope, input.Marker) }
}

function keyOf(scope: readonly string[], marker: string): PageKey {
  const key = decodePageToken(JSON.stringify(scope), marker)
  if (key === undefined) throw badMarker()
  return key
}

export const pageOutput = (scope: readonly string[], page: Pick<Page<unknown>, 'next'>): PagedOutput =>
  page.next === undefined
    ? { Truncated: false }
    : { Truncated: true, NextMarker: encodePageToken(JSON.stringify(scope), page.next) }
