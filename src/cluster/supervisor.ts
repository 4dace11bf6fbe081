import cluster, { type Worker } from 'node:cluster'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reachableHost } from '../config/registry-hosts.ts'
import type { Config } from '../config/schema.ts'
import type { FoundEngine } from '../runtime/docker/awaited-engine.ts'
import { StartError } from '../shared/start-error.ts'
import { createLogger, type Logger } from '../telemetry/log.ts'
import { claimDataDirectory } from './data-directory.ts'
import { reservePort } from './listen-check.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** A draining worker that has not ended by now is killed. */
const DRAIN_MILLISECONDS = 10_000
/** A worker that dies sooner than this after its start is restarted with growing pauses. */
const STABLE_MILLISECONDS = 10_000

/**
 * Starts the workers, prints the URL once all are ready, restarts those that die, drains them on SIGTERM or SIGINT.
 * Resolves to the exit code. Throws StartError when the server cannot start.
 */
export async function supervise(config: Config): Promise<number> {
  const log = createLogger(config.logLevel, { process: 'supervisor' })
  const claim = claimDataDirectory(config.dataDir)
  try {
    const port = await reservePort(config.host, config.port)
    const fleet = new Fleet({ ...config, port }, log)
    const stopped = stopRequested()
    try {
      const ready = await Promise.race([fleet.start(), stopped.then(() => undefined)])
      if (ready !== undefined) announce(config, port, ready)
      await stopped
    } finally {
      await fleet.drain()
    }
    return config.stopContainers && config.runtime !== 'none' ? await stopContainers(config, log) : 0
  } finally {
    claim.release()
  }
}

/** Resolves to the exit code: containers that stay although they should not are no success. */
async function stopContainers(config: Config, log: Logger): Promise<number> {
  // Loaded only now: the supervisor needs no services otherwise.
  const { removeModelContainers } = await import('../app/remove-model-containers.ts')
  try {
    await removeModelContainers(config, log)
    return 0
  } catch (err) {
    log.error({ err }, 'the model containers could not be removed')
    return 1
  }
}

function announce(config: Config, port: number, { runtime, engineProblem }: Ready): void {
  const url = config.publicUrl ?? `http://${reachableHost(config.host)}:${port}`
  writeFileSync(join(config.dataDir, 'server.json'), `${JSON.stringify({ url, port, pid: process.pid })}\n`, {
    mode: 0o600,
  })
  process.stdout.write(
    `Slipway is ready at ${url} (workers: ${config.workers}, runtime: ${runtime}, data: ${config.dataDir})\n`,
  )
  if (engineProblem !== undefined)
    process.stdout.write(
      `Endpoints wait: ${engineProblem} They come up when it answers. To serve without containers: --runtime none\n`,
    )
}

function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
  })
}

type Ready = Extract<FromWorker, { kind: 'ready' }>

/** The workers of one server. */
class Fleet {
  readonly #config: Config
  readonly #log: Logger
  readonly #started = new Map<Worker, number>()
  #serving = false
  #draining = false
  #quickDeaths = 0
  #engine: FoundEngine | undefined

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
    // Workers accept from one shared socket. A connection that waits there when a worker is killed goes to another; handed
    // out by the supervisor, one that was on its way to the killed worker would hang.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.ts', import.meta.url)), args: [], silent: false })
  }

  /** Resolves to what a worker says when every one is ready. */
  async start(): Promise<Ready> {
    const ready = await Promise.all(Array.from({ length: this.#config.workers }, (_, index) => this.#startFirst(index)))
    this.#serving = true
    return ready.find(({ engineProblem }) => engineProblem !== undefined) ?? (ready[0] as Ready)
  }

  #startFirst(index: number): Promise<Ready> {
    const worker = this.#fork(index)
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'cannot-start') reject(new StartError(message.sentence))
        if (message.kind !== 'ready') return
        worker.on('exit', () => this.#replace(index))
        resolve(message)
      })
      worker.once('exit', (code) =>
        reject(new StartError(`a worker ended while starting (exit code ${code}); see the log above`)),
      )
    })
  }

  #fork(index: number): Worker {
    const worker = cluster.fork({
      SLIPWAY_WORKER: JSON.stringify({ index, config: this.#config, engine: this.#engine }),
    })
    this.#started.set(worker, performance.now())
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'engine-found') this.#engine = message.engine
    })
    worker.once('exit', (code, signal) => {
      const age = performance.now() - (this.#started.get(worker) ?? 0)
      this.#started.delete(worker)
      this.#quickDeaths = age < STABLE_MILLISECONDS ? this.#quickDeaths + 1 : 0
      if (!this.#draining && this.#serving) this.#log.warn({ index, code, signal }, 'a worker ended')
    })
    return worker
  }

  /** A worker died: another takes its place, at once the first time, slower if they keep dying. */
  #replace(index: number): void {
    if (this.#draining) return
    const pause = this.#quickDeaths <= 1 ? 0 : Math.min(30_000, 100 * 2 ** this.#quickDeaths)
    setTimeout(() => {
      if (this.#draining) return
      const worker = this.#fork(index)
      worker.on('exit', () => this.#replace(index))
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'cannot-start')
          this.#log.error({ index, reason: message.sentence }, 'a worker cannot start')
      })
    }, pause)
  }

  /** Asks every worker to finish; kills those that take too long. */
  async drain(): Promise<void> {
    this.#draining = true
    const workers = [...this.#started.keys()]
    const ends = workers.map(
      (worker) => new Promise<void>((resolve) => (worker.isDead() ? resolve() : worker.once('exit', () => resolve()))),
    )
    for (const worker of workers) if (worker.isConnected()) worker.send({ kind: 'drain' } satisfies ToWorker)
    const deadline = setTimeout(() => {
      for (const worker of workers) if (!worker.isDead()) worker.process.kill('SIGKILL')
    }, DRAIN_MILLISECONDS)
    await Promise.all(ends)
    clearTimeout(deadline)
  }
}
