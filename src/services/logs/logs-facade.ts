import type { Database } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'
import { ServiceError } from '../../wire/service-error.ts'
import type { LogsDeps } from './deps.ts'
import type { LogsFacade, LogTarget } from './facade.ts'
import { findLogGroup, newLogGroup } from './log-groups/log-group-store.ts'
import { findLogStream, newLogStream } from './log-streams/log-stream-store.ts'

interface StreamIds {
  readonly id: string
  readonly groupId: string
}

/** Streams remembered by name, so that a steady writer costs one commit an append and no read. */
const REMEMBERED = 1000

/** CloudWatch Logs for what runs here: groups and streams come into being with their first event. */
export function createLogsFacade({
  database,
  clock,
  appender,
}: Pick<LogsDeps, 'database' | 'clock' | 'appender'>): LogsFacade {
  const remembered = new Map<string, StreamIds>()
  return {
    async append(target, events) {
      if (events.length === 0) return
      const name = JSON.stringify([target.account, target.region, target.group, target.stream])
      const known = remembered.get(name)
      if (known !== undefined) {
        try {
          return await appender.append(known, events)
        } catch (error) {
          // The stream has been deleted since. AWS's writers make it again, and so does this one.
          if (!(error instanceof ServiceError)) throw error
          remembered.delete(name)
        }
      }
      const stream = await ensureStream(database, target, clock.now())
      await appender.append(stream, events)
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value as string)
      remembered.set(name, stream)
    },
  }
}

/** The stream's ids; group and stream are created when absent. */
async function ensureStream(database: Database, target: LogTarget, now: number): Promise<StreamIds> {
  await database.commit([
    statement(
      database.query
        .insertInto('logs_groups')
        .values(newLogGroup(target, target.group, now))
        .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing()),
    ),
  ])
  const group = await findLogGroup(database, target, target.group)
  if (group === undefined) return ensureStream(database, target, now)
  await database.commit([
    statement(
      database.query
        .insertInto('logs_streams')
        .values(newLogStream(group.id, target.stream, now))
        .onConflict((conflict) => conflict.columns(['group_id', 'name']).doNothing()),
    ),
  ])
  const stream = await findLogStream(database, group.id, target.stream)
  if (stream === undefined) return ensureStream(database, target, now)
  return { id: stream.id, groupId: group.id }
}
