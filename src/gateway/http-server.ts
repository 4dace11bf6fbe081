import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const MAX_HEAD_BYTES = 64 * 1024

/**
 * The HTTP server of a worker. Bodies may take as long as they take (5 GB over a slow line), so whoever reads one
 * watches for silence; heads may not.
 */
export function createHttpServer(handle: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: 30_000,
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    handle,
  )
  server.on('clientError', answerMalformed)
  return server
}

/** What was sent is no HTTP. AWS's front answers such requests in JSON as well. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', `The headers of the request are larger than ${MAX_HEAD_BYTES} bytes.`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The headers of the request did not arrive in time.']
        : ['400 Bad Request', 'The request is not valid HTTP.']
  const body = JSON.stringify({ __type: 'BadRequestException', message })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** Stops accepting, tells kept connections to close, and resolves when the last request has been answered. */
export function drainHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
