import type { Logger as PinoLogger } from 'pino'
import { pino } from 'pino'

/** Structured log of the server itself (container output goes to the logs service instead). */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'> & {
  child(bindings: Record<string, unknown>): Logger
}

/** Members that are blanked wherever they are logged, at the top or one level down. */
const SECRETS = ['password', 'secret', 'secretAccessKey', 'sessionToken', 'authorization', 'credentials', 'payload']

/** Writes one JSON object a line to standard error, so that standard output stays the program's answer. */
export function createLogger(level: string, bindings: Record<string, unknown> = {}): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`])
  return pino({ level, base: bindings, redact: paths }, pino.destination({ fd: 2, sync: false }))
}

/** A logger that says nothing, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })
