import { connect, type Socket } from 'node:net'
import { median } from './measure.ts'
import { serve } from './program.ts'

/*
 * Sends one request at a constant rate, whether or not earlier ones have been answered, over connections that are kept. A timer cannot
 * be finer than a millisecond, so that what is due in one goes out together; latency counts from then on, time that a request waits for a
 * free connection included.
 */

export interface Pace {
  readonly port: number
  readonly host: string
  readonly request: string
  /** Requests a second. */
  readonly rate: number
  readonly seconds: number
}

export interface Paced {
  readonly sent: number
  /** Of these, answered with something else than 200, or not at all; they count in no latency. */
  readonly refused: number
  /** Of the others, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** More than are ever needed at half of the rate that something can bear. */
const CONNECTIONS = 64
/** What has not been answered so long after the last request will not be. */
const LATE_MILLISECONDS = 5_000

serve({}, async ({ port, host, request, rate, seconds }: Pace): Promise<Paced> => {
  const latencies: number[] = []
  const free: Client[] = []
  const due: number[] = []
  const all = new Set<Client>()
  let refused = 0
  const owner: Owner = {
    ready(client) {
      const next = due.shift()
      if (next === undefined) free.push(client)
      else client.send(next)
    },
    answered(milliseconds) {
      if (milliseconds === undefined) refused++
      else latencies.push(milliseconds)
    },
    // A server may close a connection after an answer.
    closed(client) {
      all.delete(client)
      const index = free.indexOf(client)
      if (index >= 0) free.splice(index, 1)
      all.add(new Client(port, host, request, owner))
    },
  }
  for (let index = 0; index < CONNECTIONS; index++) all.add(new Client(port, host, request, owner))
  while (free.length < CONNECTIONS) await new Promise((resolve) => setTimeout(resolve, 1))
  const began = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      const wanted = Math.min((now - began) / 1_000, seconds) * rate
      for (; sent < wanted; sent++) {
        const client = free.pop()
        if (client === undefined) due.push(now)
        else client.send(now)
      }
      const late = now - began - seconds * 1_000
      if (late < 0 || (latencies.length + refused < sent && late < LATE_MILLISECONDS)) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  for (const client of all) client.close()
  latencies.sort((a, b) => a - b)
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN
  return { sent, refused: sent - latencies.length, p50: median(latencies), p99 }
})

interface Owner {
  /** It may send. */
  ready(client: Client): void
  /** After so many milliseconds; undefined when it was refused or the connection broke. */
  answered(milliseconds: number | undefined): void
  closed(client: Client): void
}

/** One connection. Answers have a Content-Length. */
class Client {
  readonly #socket: Socket
  readonly #request: string
  /** Since when an answer is waited for. */
  #began: number | undefined
  #over = false

  constructor(port: number, host: string, request: string, owner: Owner) {
    this.#request = request
    this.#socket = connect({ port, host, noDelay: true }, () => owner.ready(this))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      if (this.#over) return
      if (this.#began !== undefined) owner.answered(undefined)
      owner.closed(this)
    })
    let answer = ''
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0 || this.#began === undefined) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(answer)?.[1] ?? Number.NaN
      if (answer.length < end + 4 + Number(length)) return
      owner.answered(answer.startsWith('HTTP/1.1 200 ') ? performance.now() - this.#began : undefined)
      const closes = /\r\nconnection: *close/i.test(answer)
      answer = ''
      this.#began = undefined
      if (!closes) owner.ready(this)
    })
  }

  /** @param began since when the answer is waited for */
  send(began: number): void {
    this.#began = began
    this.#socket.write(this.#request, 'latin1')
  }

  close(): void {
    this.#over = true
    this.#socket.destroy()
  }
}
