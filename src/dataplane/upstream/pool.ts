import { Connection, type ConnectionOwner } from './connection.ts'

/** Many model servers close a connection that has been idle for 2 s; one used again just then would lose its request. */
const IDLE_MILLISECONDS = 1_500
/** A container that says how long it keeps a connection means to the second, and its clock began before ours. */
const IDLE_MARGIN_MILLISECONDS = 500
/**
 * A container accepts a connection within this time, or the request goes elsewhere. Source: "Custom Inference Code with Hosting
 * Services" (developer guide).
 */
const CONNECT_MILLISECONDS = 250
const MAX_IDLE = 256

/** The connections to one container. Hands out the one used last, so that a quiet pool shrinks. */
export class ConnectionPool implements ConnectionOwner {
  readonly #host: string
  readonly #port: number
  /** The one that has waited longest first. */
  readonly #idle: Connection[] = []
  #reaper: NodeJS.Timeout | undefined
  #closed = false

  /** `address` is `host:port`, an IPv6 host in brackets. */
  constructor(address: string) {
    const colon = address.lastIndexOf(':')
    this.#host = address.slice(0, colon).replace(/^\[|\]$/g, '')
    this.#port = Number(address.slice(colon + 1))
  }

  /** A connection that carries nothing: a used one that is still fresh, else a new one. */
  take(): Connection {
    const now = performance.now()
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable && now < freshUntil(connection)) return connection
      connection.abort()
    }
    return new Connection(this.#host, this.#port, CONNECT_MILLISECONDS, this)
  }

  /** Ends idle connections; those that carry a request end with it. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#reaper)
    for (const connection of this.#idle.splice(0)) connection.abort()
  }

  onIdle(connection: Connection): void {
    if (this.#closed || this.#idle.length >= MAX_IDLE || freshUntil(connection) <= connection.idleSince) {
      connection.abort()
      return
    }
    this.#idle.push(connection)
    this.#reaper ??= this.#reapLater()
  }

  onClose(connection: Connection): void {
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  /** A server that handles one connection at a time would hear no ping while an idle one is kept. */
  #reapLater(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const now = performance.now()
      for (const connection of this.#idle.filter((candidate) => freshUntil(candidate) <= now)) connection.abort()
      this.#reaper = this.#idle.some((connection) => connection.usable) ? this.#reapLater() : undefined
    }, IDLE_MILLISECONDS)
    return timer.unref()
  }
}

const freshUntil = ({ idleSince, idleLimit }: Connection): number =>
  idleSince + Math.min(IDLE_MILLISECONDS, idleLimit - IDLE_MARGIN_MILLISECONDS)
