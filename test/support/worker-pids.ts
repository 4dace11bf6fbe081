import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import type { Slipway } from './slipway.ts'

/** The processes of the server's workers: they change when one has died. */
export function workerPids({ process }: Slipway): readonly number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

/** Those of them that accept connections: one that has just been started does not yet. */
export function servingWorkers(slipway: Slipway): readonly number[] {
  const listening = listeningSocket(slipway.port)
  return workerPids(slipway).filter((pid) => listening !== undefined && holds(pid, listening))
}

/** Kills all workers of a server that has so many, and waits for those that take their place. */
export async function replaceWorkers(slipway: Slipway, count: number): Promise<void> {
  const before = servingWorkers(slipway)
  for (const worker of before) process.kill(worker, 'SIGKILL')
  await eventually(() => {
    const now = servingWorkers(slipway)
    expect(now).toHaveLength(count)
    expect(now.filter((pid) => before.includes(pid))).toEqual([])
  }, 30_000)
}

/** The socket that listens on a port of IPv4, as links in /proc name it. */
function listeningSocket(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    if (local.endsWith(suffix) && state === LISTEN) return `socket:[${inode}]`
  }
  return undefined
}

const LISTEN = '0A'

function holds(pid: number, socket: string): boolean {
  const directory = `/proc/${pid}/fd`
  try {
    // Between fork and exec it is a copy of the supervisor, with all that is open there.
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker.ts')) return false
    return readdirSync(directory).some((fd) => readlinkSync(`${directory}/${fd}`) === socket)
  } catch {
    // It has ended, or closed what was being looked at.
    return false
  }
}
