import { mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { canStartEngine, type EngineKind } from '../../scripts/machine/engine.ts'

/** An engine that all test files of a run use together; keep to your own installation and leave nothing in it. */
export interface SharedEngine {
  readonly kind: EngineKind
  readonly socket: string
  readonly ours: boolean
}

/** The engines that tests can run against here. */
export const ENGINES: readonly EngineKind[] = ['docker', 'podman']

/** For `describe.skipIf`: true when this machine cannot offer the engine (no root, or the packages are missing). */
export const lacksEngine = (kind: EngineKind): boolean => !canStartEngine(kind)

/** The run's engine of that kind, started when the first file asks for it. */
export function sharedEngine(kind: EngineKind): Promise<SharedEngine> {
  const socketPath = process.env.TEST_ENGINES_SOCKET
  if (socketPath === undefined) throw new Error('no engines here: the test does not run in the integration project')
  return new Promise((resolve, reject) => {
    request({ socketPath, path: `/${kind}` }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as SharedEngine)
        else reject(new Error(text))
      })
    })
      .on('error', reject)
      .end()
  })
}

/** Makes the engines of this machine trust a registry's authority (both read this place at each pull); undo it after. */
export async function trustRegistry(host: string, ca: string): Promise<() => Promise<void>> {
  const directory = join('/etc/docker/certs.d', host)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'ca.crt'), ca)
  return () => rm(directory, { recursive: true, force: true })
}
