import type { Database, Statement } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { ServiceError } from '../../../wire/service-error.ts'
import { missingEndpointConfig } from '../endpoint-configs/errors.ts'
import { missingEndpoint } from '../endpoints/errors.ts'
import { missingGroup } from '../model-package-groups/errors.ts'
import { missingPackage } from '../model-packages/errors.ts'
import { missingModel } from '../models/errors.ts'
import { parseSagemakerArn, sagemakerArn } from '../resource-name.ts'
import { unknownResource, versionNotTaggable } from './errors.ts'
import { type TaggedResource, tagged } from './tag-store.ts'

/** A resource that an ARN names and that can carry tags. */
export interface Taggable extends TaggedResource {
  /** In the form the service shows it. */
  readonly arn: string
  readonly missing: () => ServiceError
  readonly table: 'models' | 'endpoint_configs' | 'endpoints' | 'model_package_groups' | 'model_packages'
  readonly key: string
}

const KINDS: Readonly<Record<string, { readonly table: Taggable['table']; missing(arn: string): ServiceError }>> = {
  model: { table: 'models', missing: missingModel },
  'endpoint-config': { table: 'endpoint_configs', missing: missingEndpointConfig },
  endpoint: { table: 'endpoints', missing: missingEndpoint },
  'model-package-group': { table: 'model_package_groups', missing: missingGroup },
  'model-package': { table: 'model_packages', missing: missingPackage },
}

/**
 * Reads a `ResourceArn`, of whatever account.
 * @throws ServiceError when the ARN is of nothing that has tags, or of a version
 */
export function parseTaggable(text: string): Taggable {
  const parsed = parseSagemakerArn(text)
  if (parsed === undefined) throw unknownResource(text)
  const arn = sagemakerArn(parsed, parsed.type, parsed.key)
  const kind = Object.hasOwn(KINDS, parsed.type) ? KINDS[parsed.type] : undefined
  if (kind === undefined || parsed.key === '') throw unknownResource(text)
  if (parsed.type === 'model-package' && parsed.key.includes('/')) throw versionNotTaggable(arn)
  const { table, missing } = kind
  return { ...tagged(parsed, parsed.type, parsed.key), arn, missing: () => missing(arn), table, key: parsed.key }
}

/** The rows, one or none, of the resource. */
export function selectTaggable(database: Database, { table, account, region, key }: Taggable) {
  if (table === 'model_packages') {
    return database.query
      .selectFrom(table)
      .select('name')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('package_key', '=', key)
      .where('version', '=', 0)
  }
  return database.query
    .selectFrom(table)
    .select('name')
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', key)
}

/** Keeps the resource from going away, and its tags from being changed by others, for the rest of the unit. */
export function lockTaggable(database: Database, { table, account, region, key, missing }: Taggable): Statement {
  // Writing a row's own value changes nothing, but takes its lock on every kind of database.
  if (table === 'model_packages') {
    const update = database.query
      .updateTable(table)
      .set((eb) => ({ name: eb.ref('name') }))
      .where('account', '=', account)
      .where('region', '=', region)
      .where('package_key', '=', key)
      .where('version', '=', 0)
    return statement(update, one(missing))
  }
  const update = database.query
    .updateTable(table)
    .set((eb) => ({ name: eb.ref('name') }))
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', key)
  return statement(update, one(missing))
}
