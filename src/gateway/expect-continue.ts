import type { IncomingMessage, ServerResponse } from 'node:http'

const held = new WeakSet<IncomingMessage>()

/**
 * For `Expect: 100-continue`: tells the client to send its body when somebody begins to read it, and not before. A
 * request that is refused by its head alone is thus never sent its gigabytes.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  held.add(request)
  const read = request._read
  request._read = (size) => {
    request._read = read
    if (held.delete(request) && !response.headersSent && !response.destroyed) response.writeContinue()
    read.call(request, size)
  }
}

/** Whether the client still waits for leave to send its body. */
export const isBodyHeldBack = (request: IncomingMessage): boolean => held.has(request)
