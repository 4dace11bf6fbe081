import type { Readable } from 'node:stream'
import type { ContainerRuntime, ContainerState, LogLine } from '../../../runtime/container-runtime.ts'
import { afterMark, type LogMark } from '../../../shared/log-mark.ts'
import { wait } from '../../../shared/wait.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { SandboxEnd } from './sandbox.ts'

/** Bytes of output that may wait in memory for the function's log. */
const MAX_UNREAD = 1024 * 1024
const INSPECT_TIMEOUT = 60_000
/** Between two looks at a container whose engine does not tell; doubles up to the longest. Milliseconds. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5_000

/**
 * Copies what a container prints until it has ended. It has ended when the engine says so: while the engine is away or hangs, the
 * container runs on. When `signal` aborts, it counts as killed.
 */
export async function followContainer(
  runtime: ContainerRuntime,
  id: string,
  output: Readable,
  log: Logger,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const print = printer(output)
  let pause = FIRST_PAUSE
  let warned = false
  const warn = (err: unknown) => {
    if (!warned && !signal.aborted) log.warn({ err, id }, "a function's container cannot be followed for now")
    warned = true
  }
  while (!signal.aborted) {
    try {
      for await (const line of runtime.readLogs(id, { follow: true, ...print.since() }, signal)) {
        if (!print.line(line)) continue
        pause = FIRST_PAUSE
        warned = false
      }
    } catch (error) {
      warn(error)
    }
    try {
      const inspected = AbortSignal.any([signal, AbortSignal.timeout(INSPECT_TIMEOUT)])
      const state = await runtime.inspectContainer(id, inspected)
      if (state?.running !== true) return endOf(state)
    } catch (error) {
      warn(error)
    }
    await wait(pause, signal).catch(() => {})
    pause = Math.min(2 * pause, LONGEST_PAUSE)
  }
  return endOf(undefined)
}

const endOf = (state: ContainerState | undefined): SandboxEnd => ({
  exitCode: state?.exitCode ?? null,
  signal: state?.exitCode === undefined ? 'SIGKILL' : null,
  outOfMemory: state?.outOfMemory ?? false,
})

function printer(output: Readable) {
  let dropped = 0
  let mark: LogMark | undefined
  let isNew = afterMark(mark)
  return {
    /** Where to read on: lines of the last one's time come again. */
    since() {
      isNew = afterMark(mark)
      return mark && { since: Number(mark.timestamp / 1_000_000n) }
    },
    /** Whether the line had not been printed yet. */
    line(line: LogLine): boolean {
      if (!isNew(line)) return false
      const { timestamp, text } = line
      mark = { timestamp, count: mark?.timestamp === timestamp ? mark.count + 1 : 1 }
      // Read on in any case, for the end of the output is how the end of the container shows.
      if (output.readableLength > MAX_UNREAD) {
        dropped += 1
        return true
      }
      if (dropped > 0) output.push(`[WARNING] ${dropped} lines of output were dropped: more came than can be stored.\n`)
      dropped = 0
      output.push(`${text}\n`)
      return true
    },
  }
}
