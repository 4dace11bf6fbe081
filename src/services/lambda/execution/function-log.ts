import type { Readable } from 'node:stream'
import type { Principal } from '../../../access/principal.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { LogEvent, LogsFacade, LogTarget } from '../../logs/facade.ts'
import { LineSplitter } from './line-splitter.ts'

/** What `X-Amz-Log-Result` holds: the end of an invocation's log. */
const TAIL_BYTES = 4096
/** Output beyond this many bytes at once, and this many a second over time, is dropped and counted. */
const BURST_BYTES = 8 * 1024 * 1024
const BYTES_A_SECOND = 1024 * 1024
/** While output is dropped it is also read slowly, so that a flood costs the function its time and not the server's. */
const PACE_MILLISECONDS = 10
/** What may wait for a slow database. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024
const FLUSH_AFTER = 50
const FLUSH_EVENTS = 2000

/** The log stream of one environment: its output and Lambda's own lines, in order, on their way to CloudWatch Logs. */
export class FunctionLog {
  readonly target: LogTarget
  /** The execution role; undefined when the service may not take it. */
  readonly #principal: () => Promise<Principal | undefined>
  readonly #logs: LogsFacade
  readonly #clock: Clock
  readonly #log: Logger
  readonly #splitters: LineSplitter[] = []
  #waiting: LogEvent[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #tail: string[] = []
  #tailBytes = 0
  #budget = BURST_BYTES
  #budgetAt: number
  #dropped = 0
  #waitingBytes = 0
  #failed = false

  constructor(
    target: LogTarget,
    principal: () => Promise<Principal | undefined>,
    logs: LogsFacade,
    clock: Clock,
    log: Logger,
  ) {
    this.target = target
    this.#principal = principal
    this.#logs = logs
    this.#clock = clock
    this.#log = log
    this.#budgetAt = performance.now()
  }

  /** Reads a stream of the function to its end. */
  follow(output: Readable): void {
    const splitter = new LineSplitter()
    this.#splitters.push(splitter)
    output.on('data', (chunk: Buffer) => {
      if (this.#spend(chunk.length)) {
        for (const line of splitter.push(chunk)) this.line(line)
        return
      }
      this.#dropped += chunk.length
      output.pause()
      setTimeout(() => output.resume(), PACE_MILLISECONDS).unref()
    })
    // The pipe breaks when the process is killed; its end is noticed elsewhere.
    output.on('error', () => {})
  }

  /** Adds one event. */
  line(message: string): void {
    if (message === '') return
    this.#remember(message)
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#dropped += message.length
      return
    }
    this.#waitingBytes += message.length
    this.#waiting.push({ timestamp: this.#clock.now(), message })
    if (this.#waiting.length >= FLUSH_EVENTS) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), FLUSH_AFTER)
  }

  /** Begins an invocation: the tail is the log from here on. */
  begin(message: string): void {
    this.#tail = []
    this.#tailBytes = 0
    this.line(message)
  }

  /** Resolves when what the function printed before its answer has been read. */
  async settle(): Promise<void> {
    // What was in the pipes when the answer came is read in the same turn of the event loop, or in the next.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    for (const splitter of this.#splitters) for (const line of splitter.flush()) this.line(line)
    if (this.#dropped > 0) {
      this.line(`[WARNING] ${this.#dropped} bytes of output were dropped: more came than can be stored.`)
      this.#dropped = 0
    }
  }

  /** The last 4 KB of the invocation's log, base64. */
  tail(): string {
    const text = Buffer.from(this.#tail.map((line) => `${line}\n`).join(''))
    return text.subarray(Math.max(0, text.length - TAIL_BYTES)).toString('base64')
  }

  /** Resolves when everything is stored. */
  async close(): Promise<void> {
    await this.settle()
    this.#write()
    await this.#writing
  }

  #spend(bytes: number): boolean {
    const now = performance.now()
    this.#budget = Math.min(BURST_BYTES, this.#budget + ((now - this.#budgetAt) / 1000) * BYTES_A_SECOND)
    this.#budgetAt = now
    if (bytes > this.#budget) return false
    this.#budget -= bytes
    return true
  }

  #remember(message: string): void {
    this.#tail.push(message)
    this.#tailBytes += message.length
    while (this.#tail.length > 1 && this.#tailBytes - this.#tail[0]!.length > TAIL_BYTES) {
      this.#tailBytes -= this.#tail.shift()!.length
    }
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const events = this.#waiting
    if (events.length === 0) return
    this.#waiting = []
    this.#writing = this.#writing.then(async () => {
      try {
        const principal = await this.#principal()
        if (principal !== undefined) await this.#logs.append(principal, this.target, events)
      } catch (error) {
        if (!this.#failed) this.#log.warn({ err: error, group: this.target.group }, "a function's log cannot be stored")
        this.#failed = true
      }
      for (const { message } of events) this.#waitingBytes -= message.length
    })
  }
}
