import { randomText } from '../../../shared/ids.ts'
import type { Database } from '../../../storage/database.ts'
import type { LogStreamRow } from '../../../storage/schema/logs.ts'
import { logStreamMissing } from '../errors.ts'

export const findLogStream = (db: Database, groupId: string, name: string): Promise<LogStreamRow | undefined> =>
  db.query
    .selectFrom('logs_streams')
    .selectAll()
    .where('group_id', '=', groupId)
    .where('name', '=', name)
    .executeTakeFirst()

/** The stream, or the API's error that there is none. */
export async function requireLogStream(db: Database, groupId: string, name: string): Promise<LogStreamRow> {
  const stream = await findLogStream(db, groupId, name)
  if (stream === undefined) throw logStreamMissing()
  return stream
}

export const newLogStream = (groupId: string, name: string, createdAt: number): LogStreamRow => ({
  id: randomText(20),
  group_id: groupId,
  name,
  created_at: createdAt,
  first_event_at: null,
  last_event_at: null,
  last_ingestion_at: null,
  stored_bytes: 0,
})
