import type { AsyncDeps, Workplace } from './async-deps.ts'
import { isPassing } from './trouble.ts'
import type { Note } from './work-on-request.ts'

const FLUSH_MILLISECONDS = 200
/** While storage is full or away. */
const RETRY_MILLISECONDS = 2_000
/** Lines beyond this many wait for nobody: they are dropped, and the log says how many. */
const MOST_WAITING = 10_000

/** The platform's own lines about an instance's requests. */
export interface DataLog {
  readonly note: Note
  /** Stores what is waiting, if it can be. */
  close(): Promise<void>
}

/**
 * Writes `<variant>/<instance>/data-log` beside the container's own stream, as the execution role. Trouble with logs is no trouble of the
 * requests. Source: "Monitor asynchronous endpoint" (developer guide).
 */
export function openDataLog({ logs, clock, log }: AsyncDeps, workplace: () => Workplace): DataLog {
  let waiting: { timestamp: number; message: string }[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let storing: Promise<void> = Promise.resolve()
  const store = async () => {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting
    waiting = []
    if (lines.length === 0) return
    if (dropped > 0) lines.push({ timestamp: clock.now(), message: `[sagemaker logs] ${dropped} lines were dropped.` })
    dropped = 0
    const { route, variant, instanceId, principal } = workplace()
    try {
      const { account, region, endpointName } = route
      const group = `/aws/sagemaker/Endpoints/${endpointName}`
      const target = { account, region, group, stream: `${variant.name}/${instanceId}/data-log` }
      await logs.append(await principal(), target, lines)
    } catch (err) {
      log.debug({ err, instance: instanceId }, 'lines about asynchronous requests were not stored')
      if (!isPassing(err)) return
      // They tell what has become of requests while the disk was full: that is read when it is not any more.
      waiting = [...lines, ...waiting]
      dropped += waiting.splice(MOST_WAITING).length
      timer ??= setTimeout(() => void flush(), RETRY_MILLISECONDS)
    }
  }
  const flush = () => {
    storing = storing.then(store)
    return storing
  }
  return {
    note({ document }, text) {
      if (waiting.length >= MOST_WAITING) {
        dropped++
        return
      }
      const timestamp = clock.now()
      const message = `${new Date(timestamp).toISOString()}:[sagemaker logs] [${document.inferenceId}] ${text}`
      waiting.push({ timestamp, message })
      timer ??= setTimeout(() => void flush(), FLUSH_MILLISECONDS)
    },
    async close() {
      await flush()
      clearTimeout(timer)
    },
  }
}
