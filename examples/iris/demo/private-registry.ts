import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Image } from '../../../scripts/images/image.ts'
import { pushImage } from '../../../scripts/images/push-image.ts'
import type { UsableEngine } from '../../../scripts/machine/any-engine.ts'
import { createAuthority, createServerCertificate } from '../../../scripts/machine/certificates.ts'
import { type Credentials, newCredentials } from '../../../scripts/machine/htpasswd.ts'
import { startRegistryServer } from '../../../scripts/machine/registry-server.ts'

const ADDRESS = '127.0.0.1'

/** A registry as a company has it: a login, TLS, an authority of its own. Login and keys are made for this one run. */
export interface PrivateRegistry {
  readonly host: string
  readonly credentials: Credentials
  /** The authority's certificate, PEM. */
  readonly caFile: string
  /** Uploads an image and returns its reference. */
  push(image: Image, repository: string, tag: string): Promise<string>
  stop(): Promise<void>
}

/** Starts the registry; `directory` receives its data. */
export async function startPrivateRegistry(directory: string, engine: UsableEngine): Promise<PrivateRegistry> {
  await mkdir(directory)
  const authority = await createAuthority(directory)
  const tls = await createServerCertificate(directory, authority, [ADDRESS, 'localhost'])
  const credentials = newCredentials('iris-team')
  const server = await startRegistryServer({ directory, address: ADDRESS, auth: { basic: credentials }, tls })
  const distrust = await trust(engine, server.host, authority.certificate)
  return {
    host: server.host,
    credentials,
    caFile: authority.certificateFile,
    push: async (image, repository, tag) => {
      const ca = authority.certificate
      await pushImage(image, { url: `https://${server.host}`, repository, tag, credentials, ca })
      return `${server.host}/${repository}:${tag}`
    },
    stop: async () => {
      await distrust()
      await server.stop()
    },
  }
}

/** Docker trusts whatever is on loopback; Podman wants to be told, in a place that it reads at each pull. */
async function trust(engine: UsableEngine, host: string, ca: string): Promise<() => Promise<void>> {
  if (engine.kind !== 'podman') return async () => {}
  const base = process.getuid?.() === 0 ? '/etc/containers' : join(homedir(), '.config/containers')
  const directory = join(base, 'certs.d', host)
  const made = await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'ca.crt'), ca)
  return async () => {
    await rm(directory, { recursive: true, force: true })
    if (made === undefined) return
    for (let path = dirname(directory); path.startsWith(made); path = dirname(path)) {
      if ((await readdir(path)).length === 0) await rmdir(path)
    }
  }
}
