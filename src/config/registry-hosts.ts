import { readFileSync } from 'node:fs'
import { StartError } from '../shared/start-error.ts'
import type { Config } from './schema.ts'

/** What the configuration says of one registry host; certificate authorities are read from their file. */
export interface RegistryHost {
  readonly plainHttp: boolean
  /** PEM. */
  readonly extraCa?: string
}

/** How to speak to the registries that the configuration names, by `host[:port]`. Throws StartError. */
export function registryHosts(config: Config): Readonly<Record<string, RegistryHost>> {
  const named = Object.entries(config.registries).map(([host, entry]) => {
    const extraCa = entry.caFile === undefined ? {} : { extraCa: readCa(entry.caFile) }
    return [host.toLowerCase(), { plainHttp: entry.plainHttp, ...extraCa }] as const
  })
  const plain = config.plainHttpRegistries.map((host) => [host.toLowerCase(), { plainHttp: true }] as const)
  // The server's own registry speaks what its public URL says; on loopback plain http needs no permission.
  const own = config.publicUrl?.startsWith('http:')
    ? [[new URL(config.publicUrl).host, { plainHttp: true }] as const]
    : []
  return Object.fromEntries([...own, ...plain, ...named])
}

/** How engines on this machine reach the registry of this server, and what else it is called. */
export function ownRegistry({ host, port, publicUrl }: Config): {
  readonly authority: string
  readonly aliases: ReadonlySet<string>
} {
  const local = `${reachableHost(host)}:${port}`
  const authority = publicUrl === undefined ? local : new URL(publicUrl).host
  return { authority, aliases: new Set([local, `localhost:${port}`]) }
}

/** The host by which this machine reaches a server that listens on `host`, as it stands in a URL. */
export const reachableHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host

/** The certificate authorities in a PEM file. Throws StartError. */
export function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError(`cannot read the certificate authorities in ${file} (${code}); correct caFile`)
  }
}
