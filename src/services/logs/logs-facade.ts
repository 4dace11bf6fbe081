import type { Principal } from '../../access/principal.ts'
import type { Database } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'
import { ServiceError } from '../../wire/service-error.ts'
import type { Authorizer } from '../authorizer.ts'
import type { LogsDeps } from './deps.ts'
import type { LogsFacade, LogTarget } from './facade.ts'
import { findLogGroup, newLogGroup } from './log-groups/log-group-store.ts'
import { findLogStream, newLogStream } from './log-streams/log-stream-store.ts'
import { createWriteAccess, type WriteAccess } from './write-access.ts'

interface StreamIds {
  readonly id: string
  readonly groupId: string
}

/** Streams remembered by name, so that a steady writer costs one commit an append and no read. */
const REMEMBERED = 1000

interface FacadeDeps extends Pick<LogsDeps, 'database' | 'clock' | 'appender' | 'log'> {
  readonly authorizer: Authorizer
}

/** CloudWatch Logs for what runs here: groups and streams come into being with their first event. */
export function createLogsFacade({ database, clock, appender, authorizer, log }: FacadeDeps): LogsFacade {
  const remembered = new Map<string, StreamIds>()
  const access = createWriteAccess(authorizer, log)
  return {
    async append(principal, target, events) {
      if (events.length === 0 || !(await access.allows(principal, target, 'PutLogEvents'))) return
      const name = JSON.stringify([target.account, target.region, target.group, target.stream])
      const known = remembered.get(name)
      if (known !== undefined) {
        try {
          await appender.append(known, events)
          return access.stored(principal, target)
        } catch (error) {
          // The stream has been deleted since. AWS's writers make it again, and so does this one.
          if (!(error instanceof ServiceError)) throw error
          remembered.delete(name)
        }
      }
      const stream = await ensureStream(database, access, principal, target, clock.now())
      if (stream === undefined) return
      await appender.append(stream, events)
      access.stored(principal, target)
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value as string)
      remembered.set(name, stream)
    },
  }
}

/** The stream's ids; group and stream are created when absent. Undefined when the principal may not create them. */
async function ensureStream(
  database: Database,
  access: WriteAccess,
  principal: Principal,
  target: LogTarget,
  now: number,
): Promise<StreamIds | undefined> {
  for (;;) {
    const group = await findLogGroup(database, target, target.group)
    const stream = group === undefined ? undefined : await findLogStream(database, group.id, target.stream)
    if (group !== undefined && stream !== undefined) return { id: stream.id, groupId: group.id }
    if (!(await access.allows(principal, target, group === undefined ? 'CreateLogGroup' : 'CreateLogStream'))) {
      return undefined
    }
    const insert =
      group === undefined
        ? database.query
            .insertInto('logs_groups')
            .values(newLogGroup(target, target.group, now))
            .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing())
        : database.query
            .insertInto('logs_streams')
            .values(newLogStream(group.id, target.stream, now))
            .onConflict((conflict) => conflict.columns(['group_id', 'name']).doNothing())
    await database.commit([statement(insert)])
  }
}
