import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { continueWhenRead } from './expect-continue.ts'

const MAX_HEAD_BYTES = 64 * 1024

/** Times in milliseconds. */
export interface HttpTimes {
  /** For a head to arrive. */
  readonly head: number
  /** How often heads and idle connections are looked at. */
  readonly check: number
  /** For which a connection without a request is kept. */
  readonly idle: number
}

export const TIMES: HttpTimes = { head: 30_000, check: 5_000, idle: 65_000 }

/**
 * The HTTP server of a worker. Bodies may take as long as they take (5 GB over a slow line), so whoever reads one
 * watches for silence; heads may not.
 */
export function createHttpServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  times: HttpTimes = TIMES,
): Server {
  const inFlight = new InFlight()
  const accept = (request: IncomingMessage, response: ServerResponse) => {
    inFlight.add(request, response)
    // No longer listening means draining: this answer is the connection's last.
    if (!server.listening) response.shouldKeepAlive = false
    handle(request, response)
  }
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: times.head,
      requestTimeout: 0,
      keepAliveTimeout: times.idle,
      connectionsCheckingInterval: times.check,
      // The gateway answers it in words.
      requireHostHeader: false,
      noDelay: true,
    },
    accept,
  )
  server.on('checkContinue', (request, response) => {
    continueWhenRead(request, response)
    accept(request, response)
  })
  server.on('checkExpectation', (request, response) => {
    delete request.headers.expect
    response.shouldKeepAlive = false
    const body = errorBody('Only the expectation 100-continue can be met.')
    response.writeHead(417, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
  })
  server.on('connect', (_request, socket) =>
    answerRaw(socket, '405 Method Not Allowed', 'The server is no proxy: it does not take CONNECT.'),
  )
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET' || inFlight.wouldBeMistaken(socket)) socket.destroy()
    else answerRaw(socket, ...describe(error))
  })
  return server
}

/** The requests of each connection that have no complete answer yet. */
class InFlight {
  readonly #open = new WeakMap<Duplex, Set<ServerResponse>>()

  add({ socket }: IncomingMessage, response: ServerResponse): void {
    const open = this.#open.get(socket) ?? new Set()
    this.#open.set(socket, open.add(response))
    response.once('close', () => open.delete(response))
  }

  /**
   * Whether an answer written now would be taken for that of an earlier request, or land in the middle of it. Only the
   * request that is itself malformed, in its body, may be answered so.
   */
  wouldBeMistaken(socket: Duplex): boolean {
    const open = [...(this.#open.get(socket) ?? [])]
    return open.length > 1 || open.some((response) => response.headersSent || response.req.complete)
  }
}

function describe(error: NodeJS.ErrnoException): [status: string, message: string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        `The headers of the request are larger than ${MAX_HEAD_BYTES} bytes.`,
      ]
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return LATE_HEAD
    default:
      return ['400 Bad Request', 'The request is not valid HTTP.']
  }
}

const LATE_HEAD: [string, string] = ['408 Request Timeout', 'The headers of the request did not arrive in time.']

/** Ends a connection whose request does not come. */
export const answerLateHead = (socket: Duplex): void => answerRaw(socket, ...LATE_HEAD)

// AWS's front answers in JSON what is no HTTP, whatever service it was meant for.
const errorBody = (message: string): string => JSON.stringify({ __type: 'BadRequestException', message })

function answerRaw(socket: Duplex, status: string, message: string): void {
  const body = errorBody(message)
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  socket.end(head + body)
}

/**
 * Stops accepting, and resolves when the last request has been answered. Connections without a request are closed, those of
 * the front by `closeIdle`.
 */
export function drainHttpServer(server: Server, front: { closeIdle(): void }): Promise<void> {
  return new Promise((resolve) => {
    const closing = setInterval(() => {
      server.closeIdleConnections()
      front.closeIdle()
    }, 50)
    server.close(() => {
      clearInterval(closing)
      resolve()
    })
  })
}
