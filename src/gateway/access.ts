import type { AccessEntry, AccessLog } from '../telemetry/access-log.ts'
import type { Call, Exchange } from './exchange.ts'

/** What is written down of a call. `status` is 0 when there was no answer; `bytes` counts the answer with its head. */
export const accessEntry = (call: Call, status: number, bytes: number): AccessEntry => ({
  requestId: call.requestId,
  time: call.now,
  client: call.remoteAddress,
  method: call.method,
  path: call.path,
  status,
  bytes,
  milliseconds: performance.now() - call.arrivedAt,
  userAgent: call.request.headers['user-agent'],
})

/** Writes a request of node:http down once it is over. */
export function noteAccess(log: Pick<AccessLog, 'add'>, exchange: Exchange): void {
  const { request, response } = exchange
  const { socket } = request
  const before = socket.bytesWritten
  response.once('close', () => {
    const status = response.headersSent ? response.statusCode : 0
    log.add(accessEntry(exchange, status, socket.bytesWritten - before))
  })
}
