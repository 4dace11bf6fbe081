import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { isAlive } from '../../scripts/machine/lock.ts'
import { startProcess } from '../../scripts/machine/process.ts'

/** Another machine, as seen from this one: a network namespace behind a link, in which something listens. */
export interface Outside {
  /** `198.51.100.…:port`, reachable from this machine and from whatever may leave it. */
  readonly address: string
  stop(): Promise<void>
}

const run = promisify(execFile)
const SERVER = `
const server = require('node:net').createServer((socket) => socket.end())
server.listen(0, '0.0.0.0', () => console.log('port ' + server.address().port))`

/** Takes root. The addresses are of a range that is reserved for examples. */
export async function startOutside(): Promise<Outside> {
  await removeStale()
  // Names of links have at most 15 characters.
  const name = `slw${process.pid}x${randomBytes(1).toString('hex')}`
  const [near, far] = [`${name}a`, `${name}b`]
  const base = `198.51.100.${(randomBytes(1)[0] ?? 0) & 0xfc}`.split('.')
  const address = (host: number) => [...base.slice(0, 3), Number(base[3]) + host].join('.')
  const inside = (...args: string[]) => run('ip', ['netns', 'exec', name, ...args])
  try {
    await run('ip', ['netns', 'add', name])
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name])
    await run('ip', ['address', 'add', `${address(1)}/30`, 'dev', near])
    await run('ip', ['link', 'set', near, 'up'])
    await inside('ip', 'address', 'add', `${address(2)}/30`, 'dev', far)
    await inside('ip', 'link', 'set', far, 'up')
    await inside('ip', 'route', 'add', 'default', 'via', address(1))
    const server = startProcess('ip', ['netns', 'exec', name, process.execPath, '-e', SERVER])
    const [, port] = await server.waitForOutput(/port (\d+)/)
    return {
      address: `${address(2)}:${port}`,
      stop: async () => {
        await server.stop()
        await run('ip', ['netns', 'delete', name])
      },
    }
  } catch (error) {
    await run('ip', ['netns', 'delete', name]).catch(() => {})
    throw error
  }
}

/** Those of test runs that were killed. */
async function removeStale(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list'])
  for (const [name, pid] of stdout.matchAll(/^slw(\d+)x\w+/gm)) {
    if (!isAlive(Number(pid))) await run('ip', ['netns', 'delete', name]).catch(() => {})
  }
}
