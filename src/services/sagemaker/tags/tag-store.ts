import type { Tag } from '../../../model/generated/sagemaker.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { none, statement } from '../../../storage/statement.ts'
import { nameKey, type Scope, sagemakerArn } from '../resource-name.ts'
import { duplicateTagKey, MAXIMUM_TAGS, reservedTagKey, tooManyTags } from './errors.ts'

/** The topic under which the ARN of a resource is announced whose tags have changed: policies may ask for them. */
export const TAGS_TOPIC = 'sagemaker-tags'

interface TagWriter {
  readonly database: Database
  readonly changeFeed: ChangeFeed
}

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
  { database, changeFeed }: TagWriter,
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
    tagsChanged(changeFeed, target),
  ]
}

/** The statements that drop a resource's tags: all, or those with these keys. */
export function dropTags(
  { database, changeFeed }: TagWriter,
  target: TaggedResource,
  keys?: readonly string[],
): readonly Statement[] {
  const all = database.query
    .deleteFrom('sagemaker_tags')
    .where('account', '=', target.account)
    .where('region', '=', target.region)
    .where('resource', '=', target.resource)
  const some = keys === undefined ? all : all.where('tag_key', 'in', [...keys])
  return [statement(some), tagsChanged(changeFeed, target)]
}

function tagsChanged(changeFeed: ChangeFeed, target: TaggedResource): Statement {
  const [type = '', ...name] = target.resource.split('/')
  return changeFeed.announce({ topic: TAGS_TOPIC, key: sagemakerArn(target, type, name.join('/')) })
}

/** The query of a resource's tags. */
export const selectTags = (database: Database, target: TaggedResource) =>
  database.query
    .selectFrom('sagemaker_tags')
    .select(['tag_key', 'tag_value'])
    .where('account', '=', target.account)
    .where('region', '=', target.region)
    .where('resource', '=', target.resource)
