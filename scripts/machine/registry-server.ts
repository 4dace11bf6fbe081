import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Credentials, htpasswdLine } from './htpasswd.ts'
import { startProcess } from './process.ts'

export interface RegistryServerOptions {
  /** A directory of the caller's, for storage and configuration; the caller removes it. */
  readonly directory: string
  /** The address to listen on, on a port that is free. */
  readonly address: string
  /** Who may pull and push. Default: everybody. */
  readonly auth?: { readonly basic: Credentials } | { readonly token: TokenSettings }
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined
}

/** Of a token server: the names as in the registry's own configuration. */
export interface TokenSettings {
  readonly realm: string
  readonly service: string
  readonly issuer: string
  readonly rootcertbundle: string
}

export interface RegistryServer {
  /** `127.0.0.1:40123`: what stands before the first slash of an image reference. */
  readonly host: string
  /** Where the blobs lie. */
  readonly storageDirectory: string
  /** The registry's own log, one line a request among others. */
  log(): string
  stop(): Promise<void>
}

/** Runs Debian's `docker-registry` until it is stopped. */
export async function startRegistryServer(options: RegistryServerOptions): Promise<RegistryServer> {
  const { address, directory } = options
  const storageDirectory = join(directory, 'storage')
  await mkdir(storageDirectory)
  const file = join(directory, 'registry.yml')
  const settings = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: storageDirectory }, delete: { enabled: true } },
    http: {
      addr: `${address}:0`,
      secret: randomBytes(16).toString('hex'),
      ...(options.tls && { tls: { certificate: options.tls.certificateFile, key: options.tls.keyFile } }),
    },
    ...(options.auth && { auth: await authSettings(directory, options.auth) }),
  }
  await writeFile(file, stringify(settings), { mode: 0o600 })
  const server = startProcess('docker-registry', ['serve', file], { env: environment() })
  const listening = await server.waitForOutput(/listening on [^ "]*?:(\d+)/).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return {
    host: `${address}:${listening[1]}`,
    storageDirectory,
    log: () => server.output(),
    stop: () => server.stop(),
  }
}

async function authSettings(directory: string, auth: NonNullable<RegistryServerOptions['auth']>): Promise<object> {
  if ('token' in auth) return { token: auth.token }
  const path = join(directory, 'htpasswd')
  await writeFile(path, await htpasswdLine(auth.basic), { mode: 0o600 })
  return { htpasswd: { realm: 'private registry', path } }
}

/** The registry takes every REGISTRY_… variable for a setting of its own, those meant for other tools too. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('REGISTRY_')))
}
