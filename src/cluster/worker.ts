import cluster from 'node:cluster'
import type { Config } from '../config/schema.ts'
import type { FoundEngine } from '../runtime/docker/awaited-engine.ts'
import { StartError } from '../shared/start-error.ts'
import { createLogger } from '../telemetry/log.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { settleMemory } from './settle-memory.ts'

const tell = (message: FromWorker) =>
  new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()))

const { index, config, engine } = JSON.parse(process.env.SLIPWAY_WORKER ?? '{}') as {
  index: number
  config: Config
  engine?: FoundEngine
}
const log = createLogger(config.logLevel, { worker: index })

// A terminal's Ctrl-C reaches the whole group; only the supervisor decides what it means.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'uncaught exception')
  process.exit(70)
})

try {
  const { startApp } = await import('../app.ts')
  const app = await startApp(config, { index, log, engine })
  const end = async () => {
    await app.drain()
    process.exit(0)
  }
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'drain') void end()
  })
  // Without its supervisor a worker would serve on unseen.
  cluster.worker?.on('disconnect', () => void end())
  await tell({ kind: 'ready', port: app.port, runtime: app.runtime, engineProblem: app.engine?.problem })
  void app.engine?.whenFound.then((found) => tell({ kind: 'engine-found', engine: found }))
  settleMemory()
} catch (error) {
  const sentence = error instanceof StartError ? error.message : 'a worker failed while starting; see the log above'
  if (!(error instanceof StartError)) log.fatal({ err: error }, 'a worker failed while starting')
  await tell({ kind: 'cannot-start', sentence })
  process.exit(1)
}
