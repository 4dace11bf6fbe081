import type { Tag } from '../../../model/generated/sagemaker.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { none, statement } from '../../../storage/statement.ts'
import { nameKey, type Scope } from '../resource-name.ts'
import { duplicateTagKey, MAXIMUM_TAGS, reservedTagKey, tooManyTags } from './errors.ts'

/** A resource as tags are kept: whose, and `type/name` in lower case. */
export interface TaggedResource extends Scope {
  readonly resource: string
}

export const tagged = (scope: Scope, type: string, name: string): TaggedResource => ({
  account: scope.account,
  region: scope.region,
  resource: `${type}/${nameKey(name)}`,
})

/** @throws ServiceError when a key is reserved or given twice */
export function checkTags(tags: readonly Tag[]): void {
  const seen = new Set<string>()
  for (const { Key: key } of tags) {
    if (/^aws:/i.test(key)) throw reservedTagKey(key)
    if (seen.has(key)) throw duplicateTagKey(key)
    seen.add(key)
  }
}

/** The statements that set `tags` on a resource, in the unit that creates or has locked it. */
export function putTags(
  database: Database,
  target: TaggedResource,
  arn: string,
  tags: readonly Tag[] | undefined,
): readonly Statement[] {
  if (tags === undefined || tags.length === 0) return []
  const { account, region, resource } = target
  const upserts = tags.map((tag) =>
    statement(
      database.query
        .insertInto('sagemaker_tags')
        .values({ account, region, resource, tag_key: tag.Key, tag_value: tag.Value })
        .onConflict((conflict) =>
          conflict.columns(['account', 'region', 'resource', 'tag_key']).doUpdateSet({ tag_value: tag.Value }),
        ),
    ),
  )
  const excess = database.query
    .selectFrom('sagemaker_tags')
    .select('resource')
    .where('account', '=', account)
    .where('region', '=', region)
    .where('resource', '=', resource)
    .groupBy('resource')
    .having(({ fn }) => fn.countAll(), '>', MAXIMUM_TAGS)
  return [
    ...upserts,
    statement(
      excess,
      none(() => tooManyTags(arn)),
    ),
  ]
}

/** The statement that drops a resource's tags: all, or those with these keys. */
export function dropTags(database: Database, target: TaggedResource, keys?: readonly string[]): Statement {
  const all = database.query
    .deleteFrom('sagemaker_tags')
    .where('account', '=', target.account)
    .where('region', '=', target.region)
    .where('resource', '=', target.resource)
  return statement(keys === undefined ? all : all.where('tag_key', 'in', [...keys]))
}

/** The query of a resource's tags. */
export const selectTags = (database: Database, target: TaggedResource) =>
  database.query
    .selectFrom('sagemaker_tags')
    .select(['tag_key', 'tag_value'])
    .where('account', '=', target.account)
    .where('region', '=', target.region)
    .where('resource', '=', target.resource)
