import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { afterReading, clientNow } from '../client-time.ts'
import type { GatewayParts } from '../gateway.ts'
import { answerLateHead, type HttpTimes, TIMES } from '../http-server.ts'
import { SILENCE_MILLISECONDS } from '../read-body.ts'
import { FrontConnection, type FrontContext } from './front-connection.ts'

/**
 * Reads invocations on the connections of an HTTP server before node:http does, at a third of its cost. It knows exactly one
 * kind of request, in the spelling of the clients of SageMaker; a connection on which anything else comes is handed
 * over with all its bytes, and stays with node:http.
 */
export class InvocationFront implements FrontContext {
  readonly parts: GatewayParts
  readonly idleSeconds: number
  coarseNow = clientNow()
  readonly #server: Server
  readonly #times: HttpTimes
  readonly #listeners: readonly ((socket: Socket) => void)[]
  readonly #connections = new Set<FrontConnection>()
  readonly #sweeper: NodeJS.Timeout

  /** Puts itself before the server's own readers. */
  constructor(server: Server, parts: GatewayParts, times: HttpTimes = TIMES) {
    this.parts = parts
    this.#server = server
    this.#times = times
    this.idleSeconds = Math.floor(times.idle / 1000)
    this.#listeners = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    server.on('connection', (socket) => this.#connections.add(new FrontConnection(this, socket)))
    this.#sweeper = setInterval(() => afterReading(() => this.#sweep()), times.check)
    this.#sweeper.unref()
    server.once('close', () => clearInterval(this.#sweeper))
  }

  /** A server that drains answers once more on each connection. */
  get keepAlive(): boolean {
    return this.#server.listening
  }

  handOver(socket: Socket): void {
    for (const listener of this.#listeners) listener.call(this.#server, socket)
  }

  forget(connection: FrontConnection): void {
    this.#connections.delete(connection)
  }

  /** Closes the connections that have no request. */
  closeIdle(): void {
    for (const { waitsFor, socket } of this.#connections)
      if (waitsFor === 'request' || waitsFor === 'next-request') socket.destroy()
  }

  closeAll(): void {
    for (const { socket } of this.#connections) socket.destroy()
  }

  /** Ends what clients let wait for too long. What is written down by the coarse clock may be a round younger. */
  #sweep(): void {
    const now = clientNow()
    for (const connection of this.#connections) {
      const { waitsFor, socket } = connection
      if (waitsFor === 'nothing') continue
      if (connection.isTooSlow(now)) {
        connection.refuseSlowBody()
        continue
      }
      if (connection.waitedFor(now) <= this.#limits[waitsFor] + this.#times.check) continue
      if (waitsFor === 'request' || waitsFor === 'head') answerLateHead(socket)
      else if (waitsFor === 'body') connection.refuseSlowBody()
      else socket.destroy()
    }
    this.coarseNow = now
  }

  get #limits() {
    const { head, idle } = this.#times
    return { request: head, head, 'next-request': idle, body: SILENCE_MILLISECONDS, reader: SILENCE_MILLISECONDS }
  }
}
