import { connect, type Socket } from 'node:net'
import { serve } from './program.ts'

/* Clients that each send one request over a connection of their own and read all that comes. Asked with `count` 0 they leave. */

export interface StreamClients {
  readonly port: number
  readonly request: string
  readonly count: number
}

let sockets: Socket[] = []

serve({}, async ({ port, request, count }: StreamClients): Promise<number> => {
  for (const socket of sockets) socket.destroy()
  const opened = Array.from({ length: count }, () => open(port, request))
  sockets = await Promise.all(opened)
  return sockets.length
})

/** Resolves with the first bytes of the answer. */
function open(port: number, request: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.on('error', reject)
    socket.once('data', (bytes) => {
      const status = bytes.toString('latin1', 9, 12)
      if (status === '200') resolve(socket)
      else reject(new Error(`a stream was answered ${bytes.toString('latin1')}`))
    })
    socket.resume()
  })
}
