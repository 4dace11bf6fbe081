import type { Database } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { LambdaDeps } from '../deps.ts'
import { functionMissing, invalidParameterValue } from '../errors.ts'
import type { FunctionRecord } from '../functions/function-record.ts'
import { functionAccessChanged } from '../functions/function-store.ts'

type TagDeps = Pick<LambdaDeps, 'database' | 'feed'>

const MAX_TAGS = 50

/** Tags that may be written: keys of 1 to 128 characters outside AWS's own, values of up to 256, 50 at most. */
export function checkTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(tags)
  if (entries.length > MAX_TAGS) throw invalidParameterValue(`The number of tags exceeds the limit of ${MAX_TAGS}.`)
  for (const [key, value] of entries) {
    if (key === '' || key.length > 128 || key.toLowerCase().startsWith('aws:')) {
      throw invalidParameterValue(`Invalid tag key: ${key.slice(0, 128)}`)
    }
    if (value.length > 256) throw invalidParameterValue(`The value of tag ${key} is longer than 256 characters.`)
  }
  return tags
}

export async function readTags(db: Database, functionId: string): Promise<Record<string, string>> {
  const rows = await db.query
    .selectFrom('lambda_tags')
    .select(['key', 'value'])
    .where('function_id', '=', functionId)
    .orderBy('key')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.key, row.value]))
}

/** Adds tags and replaces those of the same key. */
export async function writeTags(
  { database: db, feed }: TagDeps,
  record: FunctionRecord,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  checkTags({ ...(await readTags(db, record.id)), ...checkTags(tags) })
  const rows = Object.entries(tags).map(([key, value]) => ({ function_id: record.id, key, value }))
  if (rows.length === 0) return
  await db.commit([
    statement(
      db.query.selectFrom('lambda_functions').select('id').where('id', '=', record.id),
      one(() => functionMissing(record.arn)),
    ),
    statement(
      db.query
        .insertInto('lambda_tags')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['function_id', 'key']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        ),
    ),
    functionAccessChanged(feed, record),
  ])
}

export async function removeTags(
  { database: db, feed }: TagDeps,
  record: FunctionRecord,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return
  await db.commit([
    statement(
      db.query
        .deleteFrom('lambda_tags')
        .where('function_id', '=', record.id)
        .where('key', 'in', [...keys]),
    ),
    functionAccessChanged(feed, record),
  ])
}
