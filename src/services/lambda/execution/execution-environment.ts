import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { serviceFailure } from '../errors.ts'
import { LATEST } from '../functions/function-name.ts'
import type { FunctionRecord } from '../functions/function-record.ts'
import type { FunctionLog } from './function-log.ts'
import { errorDocument, type Invocation, type InvocationOutcome, reportLine, timeoutSentence } from './invocation.ts'
import { MAX_PAYLOAD, type RuntimeSession } from './runtime-api.ts'
import { endSentence, type Sandbox, type SandboxEnd } from './sandbox.ts'

/** The event never reached the code, so another environment may have it. */
export const NOT_DELIVERED = Symbol('not delivered')

interface Current {
  readonly invocation: Invocation
  readonly resolve: (outcome: InvocationOutcome | typeof NOT_DELIVERED) => void
  readonly reject: (error: Error) => void
  /** `performance.now()` when the runtime took the event. */
  deliveredAt: number | undefined
  /** The answer, once it has come and the log is being completed. */
  answered: boolean
}

type Failure = { readonly payload: Uint8Array; readonly status: string; readonly line?: string }

/** Loading the code may take this long, or the function's own timeout if that is more. Milliseconds. */
const INIT_TIMEOUT = 10_000
const MEMORY_CHECK_BUSY = 100
const MEMORY_CHECK_IDLE = 1000

/**
 * One execution environment: a sandbox in which a runtime loads the function once and then handles one event at a time.
 * Ends by itself when the code fails to load, exits, exceeds its time or its memory.
 */
export class ExecutionEnvironment implements RuntimeSession {
  readonly record: FunctionRecord
  readonly log: FunctionLog
  /** When it last finished something, by `performance.now()`. */
  idleSince = performance.now()
  #sandbox: Sandbox | undefined
  #current: Current | undefined
  #poll: ServerResponse | undefined
  #initError: Uint8Array | undefined
  #initStartedAt = performance.now()
  /** Milliseconds; reported with the first invocation. */
  #initDuration: number | undefined
  #initialised = false
  #failure: Failure | undefined
  #deadline: NodeJS.Timeout | undefined
  #memoryCheck: NodeJS.Timeout | undefined
  #memoryUsed = 0
  /** Ending or ended. */
  #over = false
  /** To end once the event at hand has been handled. */
  #retiring = false
  #shutDown = false
  #resolveEnded!: () => void
  /** Resolves when nothing of it runs any more and its log is stored. */
  readonly ended = new Promise<void>((resolve) => {
    this.#resolveEnded = resolve
  })

  constructor(record: FunctionRecord, log: FunctionLog) {
    this.record = record
    this.log = log
  }

  get idle(): boolean {
    return this.#current === undefined && !this.#over && !this.#retiring
  }

  get over(): boolean {
    return this.#over
  }

  /** Takes over what runs the code. `start` may fail: then the waiting invocation rejects with that error. */
  async begin(start: () => Promise<Sandbox>): Promise<void> {
    try {
      const sandbox = await start()
      this.#sandbox = sandbox
      this.#initStartedAt = performance.now()
      for (const stream of sandbox.output) this.log.follow(stream)
      void sandbox.ended.then((end) => this.#onEnd(end))
      if (this.#over) return void sandbox.kill()
      const limit = Math.max(INIT_TIMEOUT, this.record.settings.timeout * 1000)
      this.#deadline = setTimeout(() => this.#timeOut(limit / 1000), limit)
      this.#watchMemory()
    } catch (error) {
      this.#over = true
      const current = this.#current
      this.#current = undefined
      await this.log.close()
      this.#resolveEnded()
      current?.reject(error as Error)
    }
  }

  /** Hands an event to the runtime. Only when idle. */
  invoke(invocation: Invocation): Promise<InvocationOutcome | typeof NOT_DELIVERED> {
    return new Promise((resolve, reject) => {
      this.#current = { invocation, resolve, reject, deliveredAt: undefined, answered: false }
      this.#deliver()
    })
  }

  /** Ends it: at once when idle, else when the event has been handled. */
  retire(): void {
    this.#retiring = true
    if (this.#current !== undefined) return
    this.#over = true
    void this.#sandbox?.kill()
  }

  /** Ends it now, whatever it does. */
  async kill(): Promise<void> {
    this.#over = true
    this.#shutDown = true
    await this.#sandbox?.kill()
    await this.ended
  }

  next(response: ServerResponse): void {
    if (!this.#initialised) {
      this.#initialised = true
      this.#initDuration = performance.now() - this.#initStartedAt
      clearTimeout(this.#deadline)
    }
    this.#poll = response
    response.once('close', () => {
      if (this.#poll === response) this.#poll = undefined
    })
    this.#deliver()
  }

  respond(requestId: string, payload: Uint8Array): boolean {
    return this.#answer(requestId, payload, undefined)
  }

  respondTooLarge(requestId: string): boolean {
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`
    return this.#answer(requestId, errorDocument('Function.ResponseSizeTooLarge', message), 'Unhandled')
  }

  fail(requestId: string, document: Uint8Array, errorType: string | undefined): boolean {
    return this.#answer(requestId, document, errorType === 'Handled' ? 'Handled' : 'Unhandled')
  }

  failInit(document: Uint8Array): void {
    this.#initError ??= document
  }

  #deliver(): void {
    const current = this.#current
    const poll = this.#poll
    if (current === undefined || poll === undefined || current.deliveredAt !== undefined || this.#over) return
    this.#poll = undefined
    const { invocation } = current
    const { settings, arn } = this.record
    this.log.begin(`START RequestId: ${invocation.requestId} Version: ${LATEST}`)
    current.deliveredAt = performance.now()
    this.#memoryUsed = 0
    this.#deadline = setTimeout(() => this.#timeOut(settings.timeout), settings.timeout * 1000)
    this.#watchMemory()
    poll.writeHead(200, {
      'content-type': 'application/json',
      'content-length': invocation.payload.length,
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(Date.now() + settings.timeout * 1000),
      'lambda-runtime-invoked-function-arn': arn,
      'lambda-runtime-trace-id': traceId(),
      ...(invocation.clientContext !== undefined && { 'lambda-runtime-client-context': invocation.clientContext }),
    })
    poll.end(invocation.payload)
  }

  #answer(requestId: string, payload: Uint8Array, functionError: InvocationOutcome['functionError']): boolean {
    const current = this.#current
    if (current?.invocation.requestId !== requestId || current.deliveredAt === undefined || current.answered)
      return false
    current.answered = true
    clearTimeout(this.#deadline)
    const duration = performance.now() - current.deliveredAt
    void this.#complete(current, payload, functionError, duration, undefined)
    return true
  }

  /** Completes the log of the invocation, gives its outcome, and is idle again. */
  async #complete(
    current: Current,
    payload: Uint8Array,
    functionError: InvocationOutcome['functionError'],
    duration: number,
    failure: Failure | undefined,
  ): Promise<void> {
    const { invocation } = current
    this.#checkMemory()
    await this.log.settle()
    this.log.line(`END RequestId: ${invocation.requestId}`)
    this.log.line(
      reportLine({
        requestId: invocation.requestId,
        duration,
        memorySize: this.record.settings.memorySize,
        memoryUsed: this.#memoryUsed,
        initDuration: this.#initDuration,
        ...(failure !== undefined && { failure: failure.status }),
      }),
    )
    if (failure?.line !== undefined) this.log.line(failure.line)
    this.#initDuration = undefined
    const logTail = invocation.tail ? this.log.tail() : undefined
    this.#current = undefined
    this.idleSince = performance.now()
    current.resolve({ payload, functionError, logTail })
    if (this.#over || this.#retiring) {
      this.#over = true
      void this.#sandbox?.kill()
    } else {
      this.#watchMemory()
    }
  }

  #timeOut(seconds: number): void {
    const current = this.#current
    const sentence = timeoutSentence(seconds)
    const requestId = current?.invocation.requestId ?? ''
    this.#failure = {
      payload: errorDocument('Sandbox.Timedout', `RequestId: ${requestId} Error: ${sentence}`),
      status: 'timeout',
      line: `${new Date().toISOString()} ${requestId} ${sentence}`,
    }
    this.#over = true
    void this.#sandbox?.kill()
  }

  async #onEnd(end: SandboxEnd): Promise<void> {
    this.#over = true
    clearTimeout(this.#deadline)
    clearInterval(this.#memoryCheck)
    this.#poll?.destroy()
    const current = this.#current
    if (current !== undefined && !current.answered) await this.#failCurrent(current, end)
    await this.log.close()
    this.#resolveEnded()
  }

  async #failCurrent(current: Current, end: SandboxEnd): Promise<void> {
    const { requestId } = current.invocation
    if (end.failure !== undefined || this.#shutDown) {
      this.#current = undefined
      return current.reject(end.failure ?? serviceFailure('The server is shutting down.'))
    }
    if (current.deliveredAt === undefined && this.#initialised && this.#failure === undefined) {
      this.#current = undefined
      return current.resolve(NOT_DELIVERED)
    }
    if (current.deliveredAt === undefined) this.log.begin(`START RequestId: ${requestId} Version: ${LATEST}`)
    const failure = this.#failure ?? this.#exitFailure(requestId, end)
    const since = current.deliveredAt ?? this.#initStartedAt
    await this.#complete(current, failure.payload, 'Unhandled', performance.now() - since, failure)
  }

  #exitFailure(requestId: string, end: SandboxEnd): Failure {
    const sentence = `RequestId: ${requestId} Error: ${endSentence(end)}`
    const type = end.outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
    const payload = (!this.#initialised && this.#initError) || errorDocument(type, sentence)
    return { payload, status: `error\tError Type: ${type}`, line: `${sentence}\n${type}` }
  }

  #watchMemory(): void {
    clearInterval(this.#memoryCheck)
    const every = this.#current === undefined && this.#initialised ? MEMORY_CHECK_IDLE : MEMORY_CHECK_BUSY
    this.#memoryCheck = setInterval(() => this.#checkMemory(), every)
    this.#memoryCheck.unref()
  }

  #checkMemory(): void {
    this.#memoryUsed = Math.max(this.#memoryUsed, this.#sandbox?.memory() ?? 0)
  }
}

function traceId(): string {
  const time = Math.floor(Date.now() / 1000).toString(16)
  const random = randomBytes(20).toString('hex')
  return `Root=1-${time}-${random.slice(0, 24)};Parent=${random.slice(24)};Sampled=0`
}
