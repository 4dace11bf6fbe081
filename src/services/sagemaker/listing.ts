import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { contains, decodePageToken, encodePageToken, type Page, type PageRequest } from '../../shared/pagination.ts'
import { validationException } from '../../wire/service-error.ts'
import type { RequestContext } from '../operation.ts'

/** The members that all List operations share. */
export interface ListInput {
  readonly MaxResults?: number
  readonly NextToken?: string
  readonly NameContains?: string
  readonly CreationTimeAfter?: number
  readonly CreationTimeBefore?: number
  readonly SortOrder?: string
}

/** The page that a List request asks for, and how to say where the next begins. */
export interface Listing extends PageRequest {
  readonly nextToken: (page: Page<unknown>) => string | undefined
}

/** The page size that the service documents where it documents one. */
const DEFAULT_SIZE = 10

/** @throws ServiceError `ValidationException` when the token is not one of this very list */
export function readListing<Input extends ListInput>(
  operation: string,
  input: Input,
  context: RequestContext,
  defaultOrder: 'Ascending' | 'Descending',
  defaultSize = DEFAULT_SIZE,
): Listing {
  // The size may change from page to page; everything else belongs to the list.
  const { MaxResults: size = defaultSize, NextToken: token, ...filters } = input
  const named = Object.entries(filters).filter(([, value]) => value !== undefined)
  const scope = JSON.stringify([operation, context.account, context.region, Object.fromEntries(named.sort())])
  const after = token === undefined ? undefined : decodePageToken(scope, token)
  if (token !== undefined && after === undefined) throw validationException('The value of NextToken is not valid.')
  return {
    size,
    descending: (input.SortOrder ?? defaultOrder) === 'Descending',
    after,
    nextToken: ({ next }) => (next === undefined ? undefined : encodePageToken(scope, next)),
  }
}

/** The filters that all lists share. `After` is inclusive and `Before` exclusive. */
export function commonFilters(input: ListInput, nameColumn: string): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = []
  if (input.NameContains !== undefined) conditions.push(contains(nameColumn, input.NameContains))
  if (input.CreationTimeAfter !== undefined) conditions.push(sql`created_at >= ${input.CreationTimeAfter}`)
  if (input.CreationTimeBefore !== undefined) conditions.push(sql`created_at < ${input.CreationTimeBefore}`)
  return conditions
}
