import { createServer } from 'node:net'

/**
 * A TCP port that was free a moment ago. For programs that cannot listen on port 0 and for "nobody listens there";
 * whoever can should listen on port 0 instead.
 */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
