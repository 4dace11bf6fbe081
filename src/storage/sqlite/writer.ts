import { Worker } from 'node:worker_threads'
import type { Logger } from '../../telemetry/log.ts'
import type { Statement, StatementResult } from '../database.ts'
import {
  ConstraintViolation,
  StatementError,
  StorageFullError,
  StorageUnavailableError,
  UniqueViolation,
} from '../errors.ts'
import type { Answer, FromWriter, ToWriter, UnitMessage, WireError, WriterOptions } from './messages.ts'

/** How many units the thread is given at a time; the others wait here. */
const MOST_IN_FLIGHT = 4_096
/** Beyond this many waiting units the next ones are refused. */
const MOST_WAITING = 100_000

interface Pending {
  readonly id: number
  readonly unit: readonly Statement[]
  readonly resolve: (results: readonly StatementResult[]) => void
  readonly reject: (error: Error) => void
}

/** The main thread's side of the writer thread: hands units over, settles their promises, replaces a thread that died. */
export class Writer {
  /** How many synced commits have been made. */
  commits = 0
  readonly #options: WriterOptions
  readonly #log: Logger
  readonly #onCommit: (unit: readonly Statement[]) => void
  readonly #inFlight = new Map<number, Pending>()
  #waiting: Pending[] = []
  #thread: Worker | undefined
  #closed: Promise<void> | undefined
  #lastId = 0
  #flushing = false

  constructor(options: WriterOptions, log: Logger, onCommit: (unit: readonly Statement[]) => void) {
    this.#options = options
    this.#log = log
    this.#onCommit = onCommit
  }

  /** Resolves once the thread has opened the database. */
  start(): Promise<void> {
    const thread = new Worker(new URL('./writer-thread.ts', import.meta.url), {
      workerData: this.#options,
      name: 'database writer',
      execArgv: [],
    })
    this.#thread = thread
    thread.unref()
    return new Promise((resolve, reject) => {
      let failure: Error | undefined
      thread.on('message', (message: FromWriter) => {
        if (message.type === 'ready') resolve()
        else if (message.type === 'answers') this.#settle(message.answers, message.commits)
      })
      thread.on('error', (error) => {
        failure = error
      })
      thread.on('exit', () => {
        const error = new StorageUnavailableError(failure?.message ?? 'The database is closed')
        reject(error)
        this.#lost(thread, error)
      })
    })
  }

  commit(unit: readonly Statement[]): Promise<readonly StatementResult[]> {
    if (this.#closed !== undefined) return Promise.reject(new StorageUnavailableError('The database is closed'))
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new StorageUnavailableError(`More than ${MOST_WAITING} writes are waiting for the disk`))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id: ++this.#lastId, unit, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      // What is committed within one turn travels as one message.
      queueMicrotask(() => {
        this.#flushing = false
        this.#flush()
      })
    })
  }

  /** Commits what is waiting, then ends the thread. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    while (this.#waiting.length > 0 || this.#inFlight.size > 0) {
      const last = [...this.#inFlight.values(), ...this.#waiting].at(-1) as Pending
      await new Promise<void>((resolve) => this.#afterwards.set(last.id, resolve))
    }
    const thread = this.#thread
    if (thread === undefined) return
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()))
    thread.ref()
    thread.postMessage({ type: 'close' } satisfies ToWriter)
    await exited
  }
  readonly #afterwards = new Map<number, () => void>()

  #flush(): void {
    const room = MOST_IN_FLIGHT - this.#inFlight.size
    if (room <= 0 || this.#waiting.length === 0) return
    const batch = this.#waiting.splice(0, room)
    if (this.#thread === undefined) {
      this.#log.warn('starting the database writer again')
      this.start().catch(() => {})
    }
    const units: UnitMessage[] = []
    for (const pending of batch) {
      this.#inFlight.set(pending.id, pending)
      units.push({
        id: pending.id,
        statements: pending.unit.map(({ query, expect }) => ({
          sql: query.sql,
          parameters: query.parameters,
          rows: expect?.rows,
        })),
      })
    }
    this.#send(units)
  }

  #send(units: UnitMessage[]): void {
    this.#thread?.ref()
    try {
      this.#thread?.postMessage({ type: 'units', units } satisfies ToWriter)
    } catch (error) {
      // A value that cannot be cloned (a function, a symbol): find whose it is.
      if (units.length > 1) {
        for (const unit of units) this.#send([unit])
        return
      }
      const failure = { name: 'StatementError', message: (error as Error).message }
      const answers = units.map(({ id }) => ({ id, outcome: { type: 'failed', error: failure } as const }))
      this.#settle(answers, 0)
    }
  }

  #settle(answers: readonly Answer[], commits: number): void {
    this.commits += commits
    for (const { id, outcome } of answers) {
      const pending = this.#inFlight.get(id)
      if (pending === undefined) continue
      this.#inFlight.delete(id)
      if (outcome.type === 'committed') {
        this.#onCommit(pending.unit)
        pending.resolve(outcome.results)
      } else if (outcome.type === 'unexpected') {
        pending.reject(makeExpected(pending.unit[outcome.index]))
      } else {
        pending.reject(revive(outcome.error))
      }
      this.#afterwards.get(id)?.()
      this.#afterwards.delete(id)
    }
    this.#flush()
    if (this.#inFlight.size === 0) this.#thread?.unref()
  }

  /** The thread has ended. Whether the units it held were committed is not known; the next commit starts another. */
  #lost(thread: Worker, error: StorageUnavailableError): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    if (this.#inFlight.size > 0) this.#log.error({ err: error }, 'the database writer has ended')
    const failure = { name: error.name, message: error.message }
    this.#settle(
      [...this.#inFlight.keys()].map((id) => ({ id, outcome: { type: 'failed', error: failure } as const })),
      0,
    )
  }
}

function makeExpected(statement: Statement | undefined): Error {
  try {
    return statement?.expect?.otherwise() ?? new StatementError('An expectation failed')
  } catch (error) {
    return error as Error
  }
}

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  ConstraintViolation,
  UniqueViolation,
  StorageFullError,
  StorageUnavailableError,
  StatementError,
}

function revive(error: WireError): Error {
  return new (CLASSES[error.name] ?? StatementError)(error.message)
}
