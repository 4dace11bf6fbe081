import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { startProcess } from '../../scripts/machine/process.ts'
import { type Certificate, createAuthority, createServerCertificate, createSigningCertificate } from './certificates.ts'
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

export interface Credentials {
  readonly username: string
  readonly password: string
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

const run = promisify(execFile)
const SERVICE = 'slipway-test-registry'
const ISSUER = 'slipway-test-tokens'

/** Starts Debian's `docker-registry` on a free port, with secrets and certificates made for this one registry. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const address = options.address ?? '127.0.0.1'
  const directory = await temporaryDirectory('slw-registry-')
  let tokens: TokenServer | undefined
  try {
    const storageDirectory = join(directory.path, 'storage')
    await mkdir(storageDirectory)
    const authority = options.tls === undefined ? undefined : await createAuthority(directory.path)
    const tls =
      authority && (await createServerCertificate(directory.path, authority, [...new Set([address, 'localhost'])]))
    const credentials = options.auth === 'none' ? undefined : newCredentials('alice')
    const outsider = options.auth === 'bearer' ? newCredentials('mallory') : undefined
    let auth: object | undefined
    if (credentials !== undefined && options.auth === 'basic') {
      const path = join(directory.path, 'htpasswd')
      await writeFile(path, await htpasswd(credentials), { mode: 0o600 })
      auth = { htpasswd: { realm: SERVICE, path } }
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
    const file = join(directory.path, 'registry.yml')
    await writeFile(file, stringify(configuration(address, storageDirectory, auth, tls)))
    const server = startProcess('docker-registry', ['serve', file], { env: environment() })
    const listening = await server.waitForOutput(/listening on [^ "]*?:(\d+)/).catch(async (error: unknown) => {
      await server.stop()
      throw error
    })
    const host = `${address}:${listening[1]}`
    return {
      host,
      url: `${tls === undefined ? 'http' : 'https'}://${host}`,
      credentials,
      outsider,
      ca: authority?.certificate,
      caFile: authority?.certificateFile,
      storageDirectory,
      tokenRequests: () => tokens?.requests ?? [],
      log: () => server.output(),
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

const newCredentials = (username: string): Credentials => ({
  username,
  password: randomBytes(12).toString('base64url'),
})

/** The registry reads only bcrypt hashes, which Node cannot make; the crypt(3) behind Perl can. */
async function htpasswd({ username, password }: Credentials): Promise<string> {
  const salt = randomBytes(16).toString('hex').slice(0, 21)
  const script = 'print crypt($ENV{PASSWORD}, "\\$2y\\$05\\$" . $ENV{SALT} . "u")'
  const env = { ...process.env, PASSWORD: password, SALT: salt }
  const { stdout } = await run('perl', ['-e', script], { env })
  return `${username}:${stdout}\n`
}

function configuration(
  address: string,
  directory: string,
  auth: object | undefined,
  tls: Certificate | undefined,
): object {
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: directory }, delete: { enabled: true } },
    http: {
      addr: `${address}:0`,
      secret: randomBytes(16).toString('hex'),
      ...(tls && { tls: { certificate: tls.certificateFile, key: tls.keyFile } }),
    },
    ...(auth && { auth }),
  }
}

/** The registry takes every REGISTRY_… variable for a setting of its own, those meant for other tools too. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('REGISTRY_')))
}
