import type { Database } from '../../../storage/database.ts'
import type { LogGroupRow } from '../../../storage/schema/logs.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import { invalidParameter, logGroupMissing, tooManyTags } from '../errors.ts'
import { logGroupArn } from '../log-groups/log-group-identifier.ts'

const MAX_TAGS = 50

export async function readTags(db: Database, groupId: string): Promise<Record<string, string>> {
  const rows = await db.query
    .selectFrom('logs_tags')
    .select(['key', 'value'])
    .where('group_id', '=', groupId)
    .orderBy('key')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.key, row.value]))
}

/** @throws InvalidParameterException for a key that is AWS's own */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(tags).find((key) => /^aws:/i.test(key))
  if (reserved !== undefined) {
    throw invalidParameter(`Tag keys that begin with aws: are reserved for AWS. The tag key is "${reserved}".`)
  }
}

/** Adds tags and replaces those of the same key; at most 50 in all. */
export async function writeTags(
  db: Database,
  group: LogGroupRow,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const keys = Object.keys(tags)
  if (keys.length === 0) return
  checkTags(tags)
  await db.commit([
    statement(db.query.selectFrom('logs_groups').select('id').where('id', '=', group.id), one(logGroupMissing)),
    statement(
      db.query
        .insertInto('logs_tags')
        .values(keys.map((key) => ({ group_id: group.id, key, value: tags[key]! })))
        .onConflict((conflict) =>
          conflict.columns(['group_id', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        ),
    ),
    statement(
      db.query.selectFrom('logs_tags').select('key').where('group_id', '=', group.id).offset(MAX_TAGS).limit(1),
      none(() => tooManyTags(logGroupArn(group.account, group.region, group.name))),
    ),
  ])
}

/** Removes tags; keys that are not there are ignored. */
export async function removeTags(db: Database, groupId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await db.commit([
    statement(
      db.query
        .deleteFrom('logs_tags')
        .where('group_id', '=', groupId)
        .where('key', 'in', [...keys]),
    ),
  ])
}
