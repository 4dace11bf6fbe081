import type { LogLine, LogOptions } from '../container-runtime.ts'
import type { Engine } from './engine.ts'
import { transportError } from './engine-client.ts'
import { logFrames } from './log-frames.ts'
import { logLines } from './log-lines.ts'
import { objectPath } from './references.ts'

/** A container's lines as the consumer takes them; leaving the loop, or aborting, frees the connection. */
export async function* readLogs(
  engine: Engine,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const stream = await engine.client.open('GET', `/containers/${objectPath(id)}/logs`, {
    signal,
    query: {
      stdout: 'true',
      stderr: 'true',
      timestamps: 'true',
      follow: String(options.follow),
      since: options.since === undefined ? undefined : (options.since / 1000).toFixed(3),
      tail: 'all',
    },
    // Docker sends the head of its answer with the first line, and a quiet container may never write one.
    ...(options.follow && { timeout: 0 }),
  })
  try {
    yield* logLines(logFrames(stream))
  } catch (error) {
    throw transportError(error, engine.client.address, 'GET /containers/…/logs', signal)
  } finally {
    stream.destroy()
  }
}
