import { type SqlBool, sql } from 'kysely'
import type { ListModelPackagesInput } from '../../../model/generated/sagemaker.ts'
import { type Page, type PageRequest, readPage } from '../../../shared/pagination.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import { one, statement } from '../../../storage/statement.ts'
import { commonFilters } from '../listing.ts'
import type { Scope } from '../resource-name.ts'
import type { PackageSummaryRow } from './package-document.ts'
import type { PackageKey } from './package-reference.ts'

const SUMMARY_COLUMNS = [
  'account',
  'region',
  'package_key',
  'version',
  'name',
  'description',
  'status',
  'approval_status',
  'registration_type',
  'life_cycle',
  'created_at',
] as const

export const findPackage = (database: Database, { account, region, key, version }: PackageKey) =>
  database.query
    .selectFrom('model_packages')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('package_key', '=', key)
    .where('version', '=', version)
    .executeTakeFirst()

/** The packages with these keys, all of one owner, in no order. */
export const findPackages = (database: Database, { account, region }: Scope, keys: readonly PackageKey[]) =>
  database.query
    .selectFrom('model_packages')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where((eb) =>
      eb.or(keys.map(({ key, version }) => eb.and([eb('package_key', '=', key), eb('version', '=', version)]))),
    )
    .execute()

/** A new unversioned package. */
export const insertUnversioned = (database: Database, row: ModelPackageRow, duplicate: () => Error): Statement =>
  statement(
    database.query
      .insertInto('model_packages')
      .values(row)
      .onConflict((conflict) => conflict.columns(['account', 'region', 'package_key', 'version']).doNothing()),
    one(duplicate),
  )

/** The number that the group has given out last, as a value for a statement behind `advanceGroup` in the unit. */
export const lastVersion = ({ account, region }: Scope, groupKey: string) =>
  sql<number>`(select last_version from model_package_groups
    where account = ${account} and region = ${region} and name_key = ${groupKey})`

/** A new version; returns its number. To stand behind `advanceGroup` in the unit. */
export const insertVersion = (database: Database, row: Omit<ModelPackageRow, 'version'>): Statement =>
  statement(
    database.query
      .insertInto('model_packages')
      .values({ ...row, version: lastVersion(row, row.package_key) })
      .returning('version'),
  )

/** Writes the changed columns unless the row has changed since it was read. */
export const updatePackage = (
  database: Database,
  row: ModelPackageRow,
  changes: Partial<ModelPackageRow>,
  conflict: () => Error,
): Statement =>
  statement(
    database.query
      .updateTable('model_packages')
      .set({ ...changes, revision: row.revision + 1 })
      .where('account', '=', row.account)
      .where('region', '=', row.region)
      .where('package_key', '=', row.package_key)
      .where('version', '=', row.version)
      .where('revision', '=', row.revision),
    one(conflict),
  )

export const deletePackage = (
  database: Database,
  { account, region, key, version }: PackageKey,
  missing: () => Error,
): Statement =>
  statement(
    database.query
      .deleteFrom('model_packages')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('package_key', '=', key)
      .where('version', '=', version),
    one(missing),
  )

/** One page of a group's versions, or of all packages of a type when `groupKey` is undefined. */
export function listPackages(
  database: Database,
  { account, region }: Scope,
  groupKey: string | undefined,
  input: Omit<ListModelPackagesInput, 'ModelPackageGroupName'>,
  page: PageRequest,
): Promise<Page<PackageSummaryRow>> {
  let query = database.query
    .selectFrom('model_packages')
    .select(SUMMARY_COLUMNS)
    .where('account', '=', account)
    .where('region', '=', region)
  for (const condition of commonFilters(input, 'package_key')) query = query.where(condition)
  if (input.ModelApprovalStatus !== undefined) query = query.where('approval_status', '=', input.ModelApprovalStatus)
  if (groupKey !== undefined) query = query.where('package_key', '=', groupKey)
  const type = input.ModelPackageType ?? (groupKey === undefined ? 'Unversioned' : 'Versioned')
  if (type === 'Unversioned') query = query.where('version', '=', 0)
  // Behind a sign the column is no way into an index, which would be one of another order than the page's.
  if (type === 'Versioned') query = query.where(sql<SqlBool>`+version > 0`)
  // Within one group its key says nothing about the order, and without it the order is an index's own.
  const owner = groupKey === undefined ? (['package_key'] as const) : []
  return readPage(query, input.SortBy === 'Name' ? [...owner, 'version'] : ['created_at', ...owner, 'version'], page)
}
