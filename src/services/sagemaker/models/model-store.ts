import type { ListModelsInput } from '../../../model/generated/sagemaker.ts'
import { type Page, type PageRequest, readPage } from '../../../shared/pagination.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { ModelRow } from '../../../storage/schema/sagemaker.ts'
import { one, statement } from '../../../storage/statement.ts'
import { commonFilters } from '../listing.ts'
import { exactly, nameKey, type Scope, sagemakerArn } from '../resource-name.ts'
import { missingModel } from './errors.ts'

export const findModel = (database: Database, { account, region }: Scope, key: string) =>
  database.query
    .selectFrom('models')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', key)
    .executeTakeFirst()

/** @throws ServiceError `ValidationException` when no model has this name */
export async function requireModel(database: Database, scope: Scope, name: string): Promise<ModelRow> {
  const row = await findModel(database, scope, nameKey(name))
  if (row === undefined) throw missingModel(sagemakerArn(scope, 'model', name))
  return exactly(row, name)
}

export const insertModel = (database: Database, row: ModelRow, duplicate: () => Error): Statement =>
  statement(
    database.query
      .insertInto('models')
      .values(row)
      .onConflict((conflict) => conflict.columns(['account', 'region', 'name_key']).doNothing()),
    one(duplicate),
  )

export const deleteModelRow = (
  database: Database,
  { account, region }: Scope,
  key: string,
  missing: () => Error,
): Statement =>
  statement(
    database.query
      .deleteFrom('models')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', key),
    one(missing),
  )

export function listModelRows(
  database: Database,
  { account, region }: Scope,
  input: ListModelsInput,
  page: PageRequest,
): Promise<Page<Pick<ModelRow, 'name_key' | 'name' | 'created_at'>>> {
  let query = database.query
    .selectFrom('models')
    .select(['name_key', 'name', 'created_at'])
    .where('account', '=', account)
    .where('region', '=', region)
  for (const condition of commonFilters(input, 'name_key')) query = query.where(condition)
  return readPage(query, input.SortBy === 'Name' ? ['name_key'] : ['created_at', 'name_key'], page)
}
