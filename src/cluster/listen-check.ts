import { type AddressInfo, createServer } from 'node:net'
import { StartError } from '../shared/start-error.ts'

/** Sees that the address can be listened on, and resolves to the port: the one asked for, or a free one for 0. */
export function reservePort(host: string, port: number): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(sentence(error.code ?? error.message, host, port))),
    )
    probe.listen({ host, port }, () => {
      const { port: actual } = probe.address() as AddressInfo
      probe.close(() => resolve(actual))
    })
  })
}

function sentence(code: string, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use; stop what listens there, or choose another with --port`
  if (code === 'EACCES') return `port ${port} may not be used by this user; choose one above 1023 with --port`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `this machine has no address ${host}; choose another with --host`
  return `cannot listen on ${host}:${port} (${code})`
}
