import { createServer as createHttpServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** A server that stands where a model container would. */
export interface FakeContainer {
  /** `host:port` */
  readonly address: string
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>
  /** Connections there have ever been. */
  connections(): number
  stop(): Promise<void>
}

/** A container that speaks HTTP properly. */
export const httpContainer = (listener: RequestListener): Promise<FakeContainer> => {
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, listener)
  return listening(server)
}

/** A container that does with each connection whatever the test wants. */
export const socketContainer = (onConnection: (socket: Socket) => void, options: { allowHalfOpen?: boolean } = {}) =>
  listening(
    createServer(options, (socket) => {
      socket.on('error', () => {})
      onConnection(socket)
    }),
  )

async function listening(server: ReturnType<typeof createServer>): Promise<FakeContainer> {
  const open = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** An address where nothing listens. */
export async function deadAddress(): Promise<string> {
  const container = await socketContainer(() => {})
  await container.stop()
  return container.address
}
