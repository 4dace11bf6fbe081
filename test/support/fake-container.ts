import { createServer as createHttpServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

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

/** An address that takes no connections and refuses none: what listens there is stuck, and as many wait as may. */
export async function deafAddress(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const worker = new Worker(STUCK, { eval: true })
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  // The first two are those that may wait.
  await Promise.all(
    waiting.slice(0, 2).map((socket) => new Promise<void>((resolve) => socket.once('connect', () => resolve()))),
  )
  return {
    address: `127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of waiting) socket.destroy()
      await worker.terminate()
    },
  }
}

const STUCK = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
`
