import { Connection } from './connection.ts'

/** Many model servers close a connection that has been idle for 2 s; one used again just then would lose its request. */
const IDLE_MILLISECONDS = 1_500
/** A container must accept a connection at once; this only bounds a host that swallows packets. */
const CONNECT_MILLISECONDS = 1_000
const MAX_IDLE = 256

/** The connections to one container. Hands out the one used last, so that a quiet pool shrinks. */
export class ConnectionPool {
  readonly #host: string
  readonly #port: number
  readonly #idle: Connection[] = []
  #closed = false

  /** `address` is `host:port`. */
  constructor(address: string) {
    const colon = address.lastIndexOf(':')
    this.#host = address.slice(0, colon)
    this.#port = Number(address.slice(colon + 1))
  }

  /** A connection that carries nothing: a used one that is still fresh, else a new one. */
  take(): Connection {
    const oldest = performance.now() - IDLE_MILLISECONDS
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable && connection.idleSince >= oldest) return connection
      connection.abort()
    }
    return this.#open()
  }

  /** Ends idle connections; those that carry a request end with it. */
  close(): void {
    this.#closed = true
    for (const connection of this.#idle.splice(0)) connection.abort()
  }

  /** Keeps a connection for the next request, and drops the one that has waited longest if it has gone stale. */
  #keep(connection: Connection): void {
    this.#idle.push(connection)
    const oldest = this.#idle[0] as Connection
    if (oldest.idleSince < connection.idleSince - IDLE_MILLISECONDS) {
      this.#idle.shift()
      oldest.abort()
    }
  }

  #open(): Connection {
    return new Connection(
      this.#host,
      this.#port,
      CONNECT_MILLISECONDS,
      (idle) => {
        if (this.#closed || this.#idle.length >= MAX_IDLE) idle.abort()
        else this.#keep(idle)
      },
      (closed) => {
        const index = this.#idle.indexOf(closed)
        if (index >= 0) this.#idle.splice(index, 1)
      },
    )
  }
}
