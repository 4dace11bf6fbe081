import type { WorkHandler } from '../../../control/work-queue.ts'
import type { Statement } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { AlarmActionRefused, type AlarmEvent } from '../facade.ts'
import { addHistory } from './alarm-history.ts'

/** An action that goes on failing is given up after this long. */
const PATIENCE = 5 * 60_000

/**
 * Takes the actions of alarms, at least once each: what has been taken is noted in the alarm's history and forgotten in one
 * unit of work, and a worker that dies before that has another take it again.
 */
export function actionHandler(deps: Pick<CloudwatchDeps, 'database' | 'clock' | 'actions'>): WorkHandler {
  const { database, clock, actions } = deps
  return async ({ key }, signal) => {
    const row = await database.query
      .selectFrom('cloudwatch_alarm_actions')
      .selectAll()
      .where('id', '=', key)
      .executeTakeFirst()
    if (row === undefined) return { done: true }
    const event = JSON.parse(row.event) as AlarmEvent
    const target = actions.find((one) => one.handles(row.action))
    const note = (summary: string, actionState: 'Succeeded' | 'Failed', error?: string): Statement =>
      addHistory(database, row, row.alarm_name, clock.now(), {
        type: 'Action',
        summary,
        data: {
          version: '1.0',
          actionState,
          stateUpdateTimestamp: event.at,
          notificationResource: row.action,
          newState: event.newState,
          ...(error !== undefined && { error }),
        },
      })
    let told: Statement
    try {
      if (target === undefined)
        throw new AlarmActionRefused('Slipway knows no action of this kind: it is not implemented.')
      told = note(await target.run(row.action, event, signal), 'Succeeded')
    } catch (error) {
      signal.throwIfAborted()
      const { message } = error as Error
      if (!(error instanceof AlarmActionRefused) && clock.now() - row.created_at < PATIENCE) throw error
      told = note(`Failed to execute action ${row.action}. Received error: "${message}"`, 'Failed', message)
    }
    await database.commit([
      told,
      statement(database.query.deleteFrom('cloudwatch_alarm_actions').where('id', '=', key)),
    ])
    return { done: true }
  }
}
