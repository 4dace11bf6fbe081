import {
  createAuthority,
  createServerCertificate,
  createSigningCertificate,
} from '../../scripts/machine/certificates.ts'
import { type Credentials, newCredentials } from '../../scripts/machine/htpasswd.ts'
import { type RegistryServerOptions, startRegistryServer } from '../../scripts/machine/registry-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { type Account, startTokenServer, type TokenRequest, type TokenServer } from './token-server.ts'

export interface RegistryOptions {
  readonly auth: 'none' | 'basic' | 'bearer'
  /** Serve TLS with a certificate of a made-up authority that nobody trusts yet. Default: plain http. */
  readonly tls?: 'private-ca'
  /** Seconds a Bearer token lives. Default 300. */
  readonly tokenSeconds?: number
  /** Default 127.0.0.1. Engines treat loopback as trusted; a bridge's own address shows how they treat other hosts. */
  readonly address?: string
}

export interface Registry {
  /** `127.0.0.1:40123`: what stands before the first slash of an image reference. */
  readonly host: string
  /** `http://…` or `https://…`, without a slash at the end. */
  readonly url: string
  /** Who may pull and push everything; undefined without authentication. */
  readonly credentials: Credentials | undefined
  /** A known account that may only pull `public/…` (Bearer only). */
  readonly outsider: Credentials | undefined
  /** The authority's certificate (PEM), and its file; undefined without TLS. */
  readonly ca: string | undefined
  readonly caFile: string | undefined
  /** Where the registry keeps its blobs, for tests that damage them. */
  readonly storageDirectory: string
  /** What the token server was asked so far; empty unless Bearer. */
  tokenRequests(): readonly TokenRequest[]
  /** The registry's own log, one line a request among others. */
  log(): string
  stop(): Promise<void>
}

const SERVICE = 'slipway-test-registry'
const ISSUER = 'slipway-test-tokens'

/** Starts Debian's `docker-registry` on a free port, with secrets and certificates made for this one registry. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const address = options.address ?? '127.0.0.1'
  const directory = await temporaryDirectory('slw-registry-')
  let tokens: TokenServer | undefined
  try {
    const authority = options.tls === undefined ? undefined : await createAuthority(directory.path)
    const tls =
      authority && (await createServerCertificate(directory.path, authority, [...new Set([address, 'localhost'])]))
    const credentials = options.auth === 'none' ? undefined : newCredentials('alice')
    const outsider = options.auth === 'bearer' ? newCredentials('mallory') : undefined
    let auth: RegistryServerOptions['auth']
    if (credentials !== undefined && options.auth === 'basic') {
      auth = { basic: credentials }
    } else if (credentials !== undefined && outsider !== undefined) {
      const signing = await createSigningCertificate(directory.path)
      const accounts: Account[] = [
        { ...credentials, repositories: /./ },
        { ...outsider, repositories: /^public\// },
      ]
      const lifetimeSeconds = options.tokenSeconds ?? 300
      tokens = await startTokenServer({
        address,
        issuer: ISSUER,
        service: SERVICE,
        signing,
        accounts,
        lifetimeSeconds,
        tls,
      })
      const rootcertbundle = signing.certificateFile
      auth = { token: { realm: tokens.realm, service: SERVICE, issuer: ISSUER, rootcertbundle } }
    }
    const server = await startRegistryServer({ directory: directory.path, address, ...(auth && { auth }), tls })
    return {
      host: server.host,
      url: `${tls === undefined ? 'http' : 'https'}://${server.host}`,
      credentials,
      outsider,
      ca: authority?.certificate,
      caFile: authority?.certificateFile,
      storageDirectory: server.storageDirectory,
      tokenRequests: () => tokens?.requests ?? [],
      log: () => server.log(),
      stop: async () => {
        await Promise.all([server.stop(), tokens?.stop()])
        await directory.remove()
      },
    }
  } catch (error) {
    await tokens?.stop()
    await directory.remove()
    throw error
  }
}
