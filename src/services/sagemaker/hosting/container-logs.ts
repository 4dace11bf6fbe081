import type { Principal } from '../../../access/principal.ts'
import { type ContainerRuntime, type LogLine, RuntimeError } from '../../../runtime/container-runtime.ts'
import { afterMark, formatMark, type LogMark, parseMark } from '../../../shared/log-mark.ts'
import { wait } from '../../../shared/wait.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { LogEvent, LogsFacade, LogTarget } from '../../logs/facade.ts'

export interface ContainerLogsDeps {
  readonly database: Database
  readonly runtime: ContainerRuntime
  readonly logs: LogsFacade
  readonly log: Logger
}

/** Lines are stored together when they come together: at most this many, or what comes within this time. */
const BATCH_LINES = 1_000
const BATCH_MILLISECONDS = 100
const RETRY_MILLISECONDS = 1_000

/** Carries what the containers of one instance print into CloudWatch Logs. */
export interface LogCarrier {
  /** Follows the container at that place in the model until it ends; following it already is fine. */
  follow(container: string, position: number): void
  /** Resolves when all that the ended container has printed is stored, or after the time. */
  drained(container: string, milliseconds: number): Promise<void>
  /** Stops following, and stores what has been read. */
  stop(): Promise<void>
}

/** What is printed, and in whose name it is stored. */
export interface LogWriter {
  /** Where the lines of the container at that place in the model belong. */
  readonly target: (position: number) => LogTarget
  /** The execution role. Undefined while the service may not take it: then nothing is stored. */
  readonly principal: () => Promise<Principal | undefined>
}

/**
 * Where it stopped is remembered, so the next worker goes on there; only one that is killed between storing lines and
 * remembering so makes them appear twice.
 */
export function carryLogs(deps: ContainerLogsDeps, instance: string, writer: LogWriter): LogCarrier {
  const stopping = new AbortController()
  const followed = new Map<string, Promise<void>>()
  return {
    follow(container, position) {
      if (!followed.has(container))
        followed.set(container, carryContainer(deps, { instance, position }, writer, container, stopping.signal))
    },
    async drained(container, milliseconds) {
      const late = new AbortController()
      const deadline = wait(milliseconds, AbortSignal.any([late.signal, stopping.signal])).catch(() => {})
      await Promise.race([followed.get(container), deadline])
      late.abort()
    },
    async stop() {
      stopping.abort()
      await Promise.all(followed.values())
    },
  }
}

/** A container of an instance: its row. */
interface Place {
  readonly instance: string
  readonly position: number
}

/** Never rejects: trouble with logs is no trouble of the instance. */
async function carryContainer(
  deps: ContainerLogsDeps,
  place: Place,
  writer: LogWriter,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  let complained = false
  while (!signal.aborted) {
    try {
      const mark = await readMark(deps.database, place)
      await pump(deps.runtime, container, mark, (lines, at) => store(deps, place, writer, lines, at), signal)
      const state = await deps.runtime.inspectContainer(container, signal)
      if (state?.running !== true) return
    } catch (err) {
      if (signal.aborted || (err instanceof RuntimeError && err.reason === 'not-found')) return
      if (!complained) deps.log.warn({ err, ...place }, 'the output of a container cannot be stored; trying again')
      complained = true
    }
    await wait(RETRY_MILLISECONDS, signal).catch(() => {})
  }
}

async function readMark(database: Database, { instance, position }: Place): Promise<LogMark | undefined> {
  const row = await database.query
    .selectFrom('endpoint_containers')
    .select('logged_until')
    .where('instance_id', '=', instance)
    .where('position', '=', position)
    .executeTakeFirst()
  return row?.logged_until == null ? undefined : parseMark(row.logged_until)
}

async function store(
  { logs, database }: ContainerLogsDeps,
  { instance, position }: Place,
  { target, principal }: LogWriter,
  lines: readonly LogLine[],
  mark: LogMark,
): Promise<void> {
  const writer = await principal()
  if (writer !== undefined) await logs.append(writer, target(position), lines.map(toEvent))
  const update = database.query
    .updateTable('endpoint_containers')
    .set({ logged_until: formatMark(mark) })
    .where('instance_id', '=', instance)
    .where('position', '=', position)
  await database.commit([statement(update)])
}

const toEvent = (line: LogLine): LogEvent => ({ timestamp: Number(line.timestamp / 1_000_000n), message: line.text })

/** Follows a container's output and hands it on in batches. The next line is not awaited while a batch is stored. */
async function pump(
  runtime: ContainerRuntime,
  id: string,
  from: LogMark | undefined,
  keep: (lines: readonly LogLine[], mark: LogMark) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const options = { follow: true, ...(from === undefined ? {} : { since: Number(from.timestamp / 1_000_000n) }) }
  const isNew = afterMark(from)
  let batch: LogLine[] = []
  let mark = from
  let storing: Promise<void> = Promise.resolve()
  let failure: unknown
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (batch.length === 0 || mark === undefined) return
    const [lines, upTo] = [batch, mark]
    batch = []
    storing = storing
      // What comes after lines that were lost must not be marked as stored.
      .then(() => (failure === undefined ? keep(lines, upTo) : undefined))
      .catch((error: unknown) => {
        failure ??= error
      })
  }
  try {
    for await (const line of runtime.readLogs(id, options, signal)) {
      if (failure !== undefined) break
      if (!isNew(line)) continue
      mark = { timestamp: line.timestamp, count: mark?.timestamp === line.timestamp ? mark.count + 1 : 1 }
      batch.push(line)
      timer ??= setTimeout(flush, BATCH_MILLISECONDS)
      if (batch.length >= BATCH_LINES) {
        flush()
        await storing
      }
    }
  } finally {
    flush()
    await storing
  }
  if (failure !== undefined) throw failure
}
