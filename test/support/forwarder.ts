import { connect, createServer, type Socket } from 'node:net'

/** Stands before a server on a port that stays while servers come and go. */
export interface Forwarder {
  readonly port: number
  /** Called with how many bytes the server has sent so far. */
  onBytes: (bytes: number) => void
  /** As when the server behind it is killed. */
  break(): void
  /** @param to `host:port` of the server that takes its place */
  mend(to: string): void
  stop(): Promise<void>
}

/** @param host `host:port` of the server behind it */
export async function forwarder(host: string): Promise<Forwarder> {
  let target: string | undefined = host
  let bytes = 0
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    if (target === undefined) return socket.destroy()
    const [address = '', port = ''] = target.split(':')
    const upstream = connect(Number(port), address)
    for (const end of [socket, upstream]) {
      open.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        open.delete(end)
        socket.destroy()
        upstream.destroy()
      })
    }
    socket.pipe(upstream)
    upstream.on('data', (chunk) => {
      bytes += chunk.length
      forwarding.onBytes(bytes)
    })
    upstream.pipe(socket)
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const forwarding: Forwarder = {
    port: (server.address() as { port: number }).port,
    onBytes: (_bytes: number) => {},
    break() {
      target = undefined
      for (const socket of open) socket.destroy()
    },
    mend(to: string) {
      target = to
    },
    stop: () =>
      new Promise<void>((resolve) => {
        forwarding.break()
        server.close(() => resolve())
      }),
  }
  return forwarding
}
