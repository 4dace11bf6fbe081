import { type Page, type PageRequest, readPage } from '../../../shared/pagination.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { ModelPackageGroupRow } from '../../../storage/schema/sagemaker.ts'
import { one, statement } from '../../../storage/statement.ts'
import { commonFilters, type ListInput } from '../listing.ts'
import type { Scope } from '../resource-name.ts'

/** A group's primary key. */
export interface GroupKey extends Scope {
  readonly key: string
}

export const findGroup = (database: Database, { account, region, key }: GroupKey) =>
  database.query
    .selectFrom('model_package_groups')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', key)
    .executeTakeFirst()

export const insertGroup = (database: Database, row: ModelPackageGroupRow, duplicate: () => Error): Statement =>
  statement(
    database.query
      .insertInto('model_package_groups')
      .values(row)
      .onConflict((conflict) => conflict.columns(['account', 'region', 'name_key']).doNothing()),
    one(duplicate),
  )

/**
 * The statement that gives out the next version number (`step` 1), or only locks the group for the rest of the unit
 * (`step` 0) so that it neither goes away nor takes in a version meanwhile.
 */
export const advanceGroup = (
  database: Database,
  { account, region, key }: GroupKey,
  step: 0 | 1,
  missing: () => Error,
): Statement =>
  statement(
    database.query
      .updateTable('model_package_groups')
      .set((eb) => ({ last_version: eb('last_version', '+', step) }))
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', key)
      .returning('last_version'),
    one(missing),
  )

/** Deletes the group unless it holds versions. To stand behind `advanceGroup` in the unit. */
export const deleteEmptyGroup = (
  database: Database,
  { account, region, key }: GroupKey,
  notEmpty: () => Error,
): Statement =>
  statement(
    database.query
      .deleteFrom('model_package_groups')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', key)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('model_packages')
              .select('version')
              .where('account', '=', account)
              .where('region', '=', region)
              .where('package_key', '=', key)
              .where('version', '>', 0),
          ),
        ),
      ),
    one(notEmpty),
  )

export function listGroups(
  database: Database,
  { account, region }: Scope,
  input: ListInput & { readonly SortBy?: string },
  page: PageRequest,
): Promise<Page<ModelPackageGroupRow>> {
  let query = database.query
    .selectFrom('model_package_groups')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
  for (const condition of commonFilters(input, 'name_key')) query = query.where(condition)
  return readPage(query, input.SortBy === 'Name' ? ['name_key'] : ['created_at', 'name_key'], page)
}

/**
 * A page of the region's groups of other accounts that have a policy: what it allows whom is not looked at. Their order
 * is that of names or of creation, and among equals that of accounts.
 */
export function listForeignGroups(
  database: Database,
  { account, region }: Scope,
  input: ListInput & { readonly SortBy?: string },
  page: PageRequest,
): Promise<Page<ModelPackageGroupRow>> {
  let query = database.query
    .selectFrom('model_package_groups')
    .selectAll()
    .where('region', '=', region)
    .where('account', '<>', account)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('model_package_group_policies as policies')
          .select('policies.group_key')
          .whereRef('policies.account', '=', 'model_package_groups.account')
          .whereRef('policies.region', '=', 'model_package_groups.region')
          .whereRef('policies.group_key', '=', 'model_package_groups.name_key'),
      ),
    )
  for (const condition of commonFilters(input, 'name_key')) query = query.where(condition)
  const order = input.SortBy === 'Name' ? (['name_key'] as const) : (['created_at', 'name_key'] as const)
  return readPage(query, [...order, 'account'], page)
}
