import type { UsableEngine } from '../../../scripts/machine/any-engine.ts'
import { connectDocker } from '../../../src/runtime/docker/connect-docker.ts'
import { detectEngine } from '../../../src/runtime/docker/detect-socket.ts'
import { createEngineClient } from '../../../src/runtime/docker/engine-client.ts'
import { installationId } from '../../../src/storage/installation-id.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'

const TIMEOUT = 30_000

/** Throws when a container of the server with this data directory is still there, running or not. */
export async function checkNoContainers(engine: UsableEngine, dataDir: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT)
  const installation = await installationId(dataDir)
  const runtime = await connectDocker({ log: silentLogger, socket: engine.socket, signal, installation })
  try {
    const left = await runtime.listContainers({}, signal)
    if (left.length > 0) throw new Error(`containers are left: ${left.map(({ name }) => name).join(', ')}`)
  } finally {
    await runtime.close()
  }
}

/** Removes the images of a registry from an engine that stays; one that goes takes them along. */
export async function removeImages(engine: UsableEngine, registryHost: string): Promise<void> {
  if (engine.ours) return
  const signal = AbortSignal.timeout(TIMEOUT)
  const { address } = await detectEngine({ socket: engine.socket, signal })
  const client = createEngineClient(address, '')
  try {
    const images = await client.json<{ Id: string; RepoDigests?: string[] | null }[]>('GET', '/images/json', { signal })
    for (const { Id, RepoDigests } of images) {
      if (!RepoDigests?.some((reference) => reference.startsWith(`${registryHost}/`))) continue
      await client.call('DELETE', `/images/${Id}`, { signal, query: { force: 'true' } })
    }
  } finally {
    await client.close()
  }
}
