import { connect, type Socket } from 'node:net'
import { serve } from './program.ts'

/*
 * Clients that are slow: those that send have sent all of a body but its last bytes and then go on a byte a second; those that read take
 * 64 KiB a second of their answers. Asked with `count` 0 all leave. Answers how many connections were open
 * until then, and how many were refused.
 */

export interface SlowClients {
  readonly port: number
  readonly head: string
  /** Bytes of the body that are sent at once. */
  readonly ahead: number
  readonly reads: boolean
  readonly count: number
}

export interface SlowCounts {
  readonly open: number
  /** Answered with something else than 200. */
  readonly refused: number
}

/** Until what kernels take at once has gone. */
const SETTLE_MILLISECONDS = 5_000

const sockets = new Set<Socket>()
const timers = new Set<NodeJS.Timeout>()
let refused = 0

serve({}, async ({ port, head, ahead, reads, count }: SlowClients): Promise<SlowCounts> => {
  if (count === 0) return leave()
  for (let index = 0; index < count; index++) open(port, head, ahead, reads)
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS))
  return { open: sockets.size, refused }
})

function open(port: number, head: string, ahead: number, reads: boolean): void {
  const socket = connect(port, '127.0.0.1')
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  socket.once('data', (bytes) => {
    if (bytes.toString('latin1', 9, 12) !== '200') refused++
  })
  socket.write(head, 'latin1')
  if (ahead > 0) socket.write(Buffer.alloc(ahead, 'x'))
  const timer = setInterval(() => {
    if (reads) socket.resume()
    else socket.write('x')
  }, 1_000)
  timers.add(timer)
  socket.once('close', () => clearInterval(timer))
  if (reads) socket.on('data', () => socket.pause())
}

function leave(): SlowCounts {
  const counts = { open: sockets.size, refused }
  for (const timer of timers) clearInterval(timer)
  timers.clear()
  for (const socket of sockets) socket.destroy()
  refused = 0
  return counts
}
