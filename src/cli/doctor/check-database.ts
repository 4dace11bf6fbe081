import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { DATABASE_FILE, withDatabase } from '../installation.ts'
import { type Finding, ok, problem } from './check.ts'

/** Signatures older or newer than 15 minutes are refused, so a clock that jumps locks every client out. */
const TOLERANCE = 60_000

/** The database: can it be read. The clock: is it behind what the database already holds. */
export async function checkDatabase(config: Config): Promise<Finding> {
  const now = Date.now()
  const found = new Date(now).toISOString()
  if (!existsSync(join(config.dataDir, DATABASE_FILE))) return ok('clock', found)
  let newest: { at: number | null } | undefined
  try {
    newest = await withDatabase(config, (database) =>
      database.query
        .selectFrom('changes')
        .select((select) => select.fn.max('at').as('at'))
        .executeTakeFirst(),
    )
  } catch (error) {
    return problem('database', (error as Error).message, 'restore it from a backup, or start anew with --data-dir')
  }
  const ahead = Number(newest?.at ?? 0) - now
  return ahead > TOLERANCE
    ? problem(
        'clock',
        `${found}, ${Math.round(ahead / 1000)} s behind the newest record`,
        'set the clock (NTP); signatures depend on it',
      )
    : ok('clock', found)
}
