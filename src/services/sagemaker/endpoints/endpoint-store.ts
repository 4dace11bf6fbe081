import type { ListEndpointsInput } from '../../../model/generated/sagemaker.ts'
import { type Page, type PageRequest, readPage } from '../../../shared/pagination.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { EndpointKey } from '../hosting/endpoint-state.ts'
import { commonFilters } from '../listing.ts'
import { exactly, type Scope } from '../resource-name.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import { missingEndpoint } from './errors.ts'

export const findEndpoint = (database: Database, { account, region, name_key }: EndpointKey) =>
  database.query
    .selectFrom('endpoints')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', name_key)
    .executeTakeFirst()

/** @throws ServiceError `ValidationException` when no endpoint has this name */
export async function requireEndpoint(database: Database, scope: Scope, name: string): Promise<EndpointRow> {
  const row = await findEndpoint(database, endpointKey(scope, name))
  if (row === undefined) throw missingEndpoint(endpointArn(scope, name))
  return exactly(row, name)
}

/** The variants of all of the endpoint's fleets, each in the order of its config. */
export const findVariants = (database: Database, { account, region, name_key }: EndpointKey) =>
  database.query
    .selectFrom('endpoint_variants')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', name_key)
    .orderBy('fleet')
    .orderBy('position')
    .execute()

/** What is under way, and what is stuck. */
export const findDeployments = (database: Database, { account, region, name_key }: EndpointKey) =>
  database.query
    .selectFrom('endpoint_deployments')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', name_key)
    .orderBy('fleet')
    .execute()

/** The statements of a new endpoint with its variants. */
export const insertEndpoint = (
  database: Database,
  row: EndpointRow,
  variants: readonly EndpointVariantRow[],
  duplicate: () => Error,
): readonly Statement[] => [
  statement(
    database.query
      .insertInto('endpoints')
      .values(row)
      .onConflict((conflict) => conflict.columns(['account', 'region', 'name_key']).doNothing()),
    one(duplicate),
  ),
  statement(database.query.insertInto('endpoint_variants').values([...variants])),
]

/**
 * Marks the endpoint for deletion if it is in one of `statuses`. By status and not by revision: the controller may have
 * written the row since it was read, which is no reason to refuse.
 */
export const markDeleting = (
  database: Database,
  { account, region, name_key }: EndpointKey,
  statuses: readonly string[],
  now: number,
  otherwise: () => Error,
): Statement =>
  statement(
    database.query
      .updateTable('endpoints')
      .set((eb) => ({
        status: 'Deleting',
        generation: eb('generation', '+', 1),
        revision: eb('revision', '+', 1),
        modified_at: now,
      }))
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', name_key)
      .where('status', 'in', [...statuses]),
    one(otherwise),
  )

/**
 * Begins an update, unless another has begun since the endpoint was read: then it is no longer in its status, or of another
 * generation. Not by revision, for the same reason as above.
 */
export const markUpdating = (
  database: Database,
  { account, region, name_key, generation, status }: EndpointRow,
  values: Partial<EndpointRow>,
  otherwise: () => Error,
): Statement =>
  statement(
    database.query
      .updateTable('endpoints')
      .set((eb) => ({
        ...values,
        status: 'Updating',
        failure_reason: null,
        generation: generation + 1,
        revision: eb('revision', '+', 1),
      }))
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', name_key)
      .where('generation', '=', generation)
      .where('status', '=', status),
    one(otherwise),
  )

/** How many instances of a type the account's endpoints want in the region. */
export async function wantedInstances(database: Database, { account, region }: Scope, type: string): Promise<number> {
  const row = await database.query
    .selectFrom('endpoint_variants')
    .select(({ fn }) => fn.sum('desired_instance_count').as('wanted'))
    .where('account', '=', account)
    .where('region', '=', region)
    .where('instance_type', '=', type)
    .executeTakeFirst()
  return Number(row?.wanted ?? 0)
}

export type EndpointSummaryRow = Pick<EndpointRow, 'name_key' | 'name' | 'status' | 'created_at' | 'modified_at'>

export function listEndpointRows(
  database: Database,
  { account, region }: Scope,
  input: ListEndpointsInput,
  page: PageRequest,
): Promise<Page<EndpointSummaryRow>> {
  let query = database.query
    .selectFrom('endpoints')
    .select(['name_key', 'name', 'status', 'created_at', 'modified_at'])
    .where('account', '=', account)
    .where('region', '=', region)
  for (const condition of commonFilters(input, 'name_key')) query = query.where(condition)
  if (input.StatusEquals !== undefined) query = query.where('status', '=', input.StatusEquals)
  if (input.LastModifiedTimeAfter !== undefined) query = query.where('modified_at', '>=', input.LastModifiedTimeAfter)
  if (input.LastModifiedTimeBefore !== undefined) query = query.where('modified_at', '<', input.LastModifiedTimeBefore)
  if (input.SortBy === 'Name') return readPage(query, ['name_key'], page)
  return readPage(query, [input.SortBy === 'Status' ? 'status' : 'created_at', 'name_key'], page)
}
