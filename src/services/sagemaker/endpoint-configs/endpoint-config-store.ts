import type { ListEndpointConfigsInput } from '../../../model/generated/sagemaker.ts'
import { type Page, type PageRequest, readPage } from '../../../shared/pagination.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { EndpointConfigRow } from '../../../storage/schema/sagemaker.ts'
import { one, statement } from '../../../storage/statement.ts'
import { commonFilters } from '../listing.ts'
import { exactly, nameKey, type Scope, sagemakerArn } from '../resource-name.ts'
import { missingEndpointConfig } from './errors.ts'

export const configArn = (scope: Scope, name: string): string => sagemakerArn(scope, 'endpoint-config', name)

const selectConfig = (database: Database, { account, region }: Scope, name: string) =>
  database.query
    .selectFrom('endpoint_configs')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', nameKey(name))

/** @throws ServiceError `ValidationException` when no config has this name */
export async function requireConfig(database: Database, scope: Scope, name: string): Promise<EndpointConfigRow> {
  const row = await selectConfig(database, scope, name).executeTakeFirst()
  if (row === undefined) throw missingEndpointConfig(configArn(scope, name))
  return exactly(row, name)
}

/** The guard that the config which was read is still there. */
export const configStillThere = (database: Database, config: EndpointConfigRow): Statement =>
  statement(
    selectConfig(database, config, config.name).where('created_at', '=', config.created_at),
    one(() => missingEndpointConfig(configArn(config, config.name))),
  )

export const insertConfig = (database: Database, row: EndpointConfigRow, duplicate: () => Error): Statement =>
  statement(
    database.query
      .insertInto('endpoint_configs')
      .values(row)
      .onConflict((conflict) => conflict.columns(['account', 'region', 'name_key']).doNothing()),
    one(duplicate),
  )

export const deleteConfigRow = (
  database: Database,
  { account, region, name_key, name }: EndpointConfigRow,
): Statement =>
  statement(
    database.query
      .deleteFrom('endpoint_configs')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', name_key),
    one(() => missingEndpointConfig(configArn({ account, region }, name))),
  )

export function listConfigRows(
  database: Database,
  { account, region }: Scope,
  input: ListEndpointConfigsInput,
  page: PageRequest,
): Promise<Page<Pick<EndpointConfigRow, 'name_key' | 'name' | 'created_at'>>> {
  let query = database.query
    .selectFrom('endpoint_configs')
    .select(['name_key', 'name', 'created_at'])
    .where('account', '=', account)
    .where('region', '=', region)
  for (const condition of commonFilters(input, 'name_key')) query = query.where(condition)
  return readPage(query, input.SortBy === 'Name' ? ['name_key'] : ['created_at', 'name_key'], page)
}
