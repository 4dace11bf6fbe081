import { close, open, write } from 'node:fs'
import { promisify } from 'node:util'
import { LineChunks } from './line-chunks.ts'
import type { Logger } from './log.ts'

/** One request, as it is written down. Nothing in it is a secret: what signs a request stands in its headers and its query. */
export interface AccessEntry {
  readonly requestId: string
  /** Epoch milliseconds of its arrival. */
  readonly time: number
  readonly client: string | undefined
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** 0 when it was not answered. */
  readonly status: number
  /** Bytes of the answer, its head included. */
  readonly bytes: number
  readonly milliseconds: number
  readonly userAgent: string | undefined
}

const writeSome = promisify(write)

const FLUSH_BYTES = 60 * 1024
const FLUSH_MILLISECONDS = 1_000
/** What waits for a disk that is too slow; further lines are counted instead of kept. */
const MAX_WAITING = 4 * 1024 * 1024
const MAX_TEXT = 1_024

/**
 * Writes a line of JSON for each request, many lines at a time, so that no request waits for the disk. Whole lines are appended, so
 * several processes may share a file.
 */
export class AccessLog {
  readonly #file: number
  readonly #log: Logger
  readonly #lines = new LineChunks(MAX_WAITING)
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  private constructor(file: number, log: Logger) {
    this.#file = file
    this.#log = log
  }

  /** Rejects when the file cannot be opened. */
  static async open(path: string, log: Logger): Promise<AccessLog> {
    return new AccessLog(await promisify(open)(path, 'a', 0o640), log)
  }

  add(entry: AccessEntry): void {
    if (!this.#lines.add(line(entry))) this.#dropped++
    if (this.#lines.size >= FLUSH_BYTES) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MILLISECONDS)
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    await this.#writing
    this.#flush()
    await this.#writing
    clearTimeout(this.#timer)
    await promisify(close)(this.#file)
  }

  #flush(): void {
    if (this.#writing !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const chunks = this.#lines.take()
    if (this.#dropped > 0) chunks.push(Buffer.from(`{"time":"${timeText(Date.now())}","dropped":${this.#dropped}}\n`))
    this.#dropped = 0
    this.#writing = this.#write(chunks).then(() => {
      this.#writing = undefined
      if (this.#lines.size > 0 && this.#timer === undefined)
        this.#timer = setTimeout(() => this.#flush(), FLUSH_MILLISECONDS)
    })
  }

  async #write(chunks: readonly Buffer[]): Promise<void> {
    try {
      for (const chunk of chunks)
        for (let rest = chunk; rest.length > 0; ) {
          const { bytesWritten } = await writeSome(this.#file, rest)
          rest = rest.subarray(bytesWritten)
        }
    } catch (err) {
      this.#log.warn({ err }, 'the access log cannot be written; lines are lost')
    }
  }
}

function line({ requestId, time, client, method, path, status, bytes, milliseconds, userAgent }: AccessEntry): string {
  const took = Math.round(milliseconds * 1000) / 1000
  const agent = userAgent === undefined ? '' : `,"userAgent":${quoted(userAgent)}`
  return `{"time":"${timeText(time)}","requestId":"${requestId}","client":"${client ?? ''}","method":"${method}","path":${quoted(path)},"status":${status},"bytes":${bytes},"milliseconds":${took}${agent}}\n`
}

const quoted = (text: string): string => JSON.stringify(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text)

let second = 0
let secondText = ''

/** ISO 8601, its seconds made once a second. */
function timeText(time: number): string {
  const whole = Math.floor(time / 1000)
  if (whole !== second) {
    second = whole
    secondText = new Date(whole * 1000).toISOString().slice(0, 20)
  }
  return `${secondText}${String(time % 1000).padStart(3, '0')}Z`
}
