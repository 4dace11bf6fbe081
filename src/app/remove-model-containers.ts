import type { Config } from '../config/schema.ts'
import { connectDocker } from '../runtime/docker/connect-docker.ts'
import { stopAllContainers } from '../services/sagemaker/hosting/stop-all-containers.ts'
import { installationId } from '../storage/installation-id.ts'
import type { Logger } from '../telemetry/log.ts'
import { openDatabase } from './open-database.ts'

/** Removes every model container of this data directory, and their networks, while no worker runs. */
export async function removeModelContainers({ dataDir }: Config, log: Logger): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  const installation = await installationId(dataDir)
  const [database, runtime] = await Promise.all([
    openDatabase(dataDir, log),
    connectDocker({ log, signal, installation }),
  ])
  try {
    const count = await stopAllContainers({ runtime, database, installation })
    await runtime.removeNetworks(AbortSignal.timeout(10_000))
    if (count > 0) log.info({ count }, 'model containers removed')
  } finally {
    await Promise.all([runtime.close(), database.close()])
  }
}
