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
    if (held.delete(request)) {
      // An answer that waits for those before it has no socket yet: it would be written behind its own head.
      if (response.socket === null) response.once('socket', () => tellToGoOn(response))
      else tellToGoOn(response)
    }
    read.call(request, size)
  }
}

function tellToGoOn(response: ServerResponse): void {
  if (!response.headersSent && !response.destroyed) response.writeContinue()
}

/** Whether the client still waits for leave to send its body. */
export const isBodyHeldBack = (request: IncomingMessage): boolean => held.has(request)
