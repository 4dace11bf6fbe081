import type { Database } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'

/** Which instance holds a session. Shared by all workers, so that any of them finds the right one. */
export interface SessionAffinity {
  /** The instance of an open session; undefined when there is none of that id or it has expired. */
  find(routeKey: string, sessionId: string): Promise<string | undefined>
  open(routeKey: string, sessionId: string, instanceId: string, expiresAt: number): Promise<void>
  close(routeKey: string, sessionId: string): Promise<void>
}

/** A session that names no end is kept this long. */
const DEFAULT_SESSION_MILLISECONDS = 24 * 3_600_000

export function createSessionAffinity(database: Database, now: () => number): SessionAffinity {
  return {
    async find(routeKey, sessionId) {
      const row = await database.query
        .selectFrom('runtime_sessions')
        .select('instance_id')
        .where('route_key', '=', routeKey)
        .where('session_id', '=', sessionId)
        .where('expires_at', '>', now())
        .executeTakeFirst()
      return row?.instance_id
    },
    async open(routeKey, sessionId, instanceId, expiresAt) {
      const row = { route_key: routeKey, session_id: sessionId, instance_id: instanceId, expires_at: expiresAt }
      await database.commit([
        statement(database.query.deleteFrom('runtime_sessions').where('expires_at', '<=', now())),
        statement(
          database.query
            .insertInto('runtime_sessions')
            .values(row)
            .onConflict((conflict) =>
              conflict
                .columns(['route_key', 'session_id'])
                .doUpdateSet({ instance_id: instanceId, expires_at: expiresAt }),
            ),
        ),
      ])
    },
    async close(routeKey, sessionId) {
      await database.commit([
        statement(
          database.query
            .deleteFrom('runtime_sessions')
            .where('route_key', '=', routeKey)
            .where('session_id', '=', sessionId),
        ),
      ])
    },
  }
}

/** A session as a container announces it. */
export interface NewSession {
  readonly id: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Reads `<id>; Expires=<time>`; undefined when the id is none that a caller could send back. */
export function parseNewSession(header: string, now: number): NewSession | undefined {
  const [id = '', ...attributes] = header.split(';').map((part) => part.trim())
  if (!isSessionId(id)) return undefined
  const expires = attributes
    .map((attribute) => /^expires=(.+)$/i.exec(attribute)?.[1])
    .find((text) => text !== undefined)
  const time = expires === undefined ? Number.NaN : Date.parse(expires)
  return { id, expiresAt: Number.isNaN(time) ? now + DEFAULT_SESSION_MILLISECONDS : time }
}

/** Whether a text has the form of a session's id. */
const isSessionId = (text: string): boolean =>
  text.length <= 256 && text !== 'NEW_SESSION' && /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(text)
