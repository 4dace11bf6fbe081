import { wait } from '../../shared/wait.ts'
import type { Logger } from '../../telemetry/log.ts'
import { type ContainerRuntime, type EngineDescription, RuntimeError } from '../container-runtime.ts'
import { connectDocker, type DockerRuntime, type KnownEngine, resumeDocker } from './connect-docker.ts'

/** A container engine as it was found. JSON can carry it to whoever cannot ask, because the engine is away. */
export interface FoundEngine {
  readonly known: KnownEngine
  readonly description: EngineDescription
}

interface AwaitedEngineOptions {
  readonly log: Logger
  readonly installation: string
  /** Default: the usual places are tried. */
  readonly socket?: string
  /** What another worker has found. */
  readonly found?: FoundEngine | undefined
}

const CONNECT_MILLISECONDS = 10_000
const ANSWER_MILLISECONDS = 5_000
/** An engine that is away is looked for this often, */
const AWAY_MILLISECONDS = 1_000
/** and one that answers is asked this often whether it still does. */
const CHECK_MILLISECONDS = 5_000
/** An engine that stays away is spoken of again after this time. */
const COMPLAINT_MILLISECONDS = 60_000

/**
 * A container engine that may be away: before it is found, as when a machine starts both at once, and later. Whoever uses the runtime
 * meanwhile is told `unreachable` with a sentence that says why, at once while it is not found.
 */
export class AwaitedEngine {
  readonly runtime: ContainerRuntime
  /** Resolves when the engine is found. */
  readonly whenFound: Promise<FoundEngine>
  readonly #options: AwaitedEngineOptions
  readonly #closing = new AbortController()
  readonly #connected = Promise.withResolvers<DockerRuntime>()
  readonly #resolveFound: (found: FoundEngine) => void
  #docker: DockerRuntime | undefined
  #found: FoundEngine | undefined
  #problem: string | undefined
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(options: AwaitedEngineOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<FoundEngine>()
    this.whenFound = promise
    this.#resolveFound = resolve
    this.runtime = this.#delegate()
    if (options.found !== undefined) this.#take(resumeDocker(options, options.found.known), options.found)
  }

  get found(): FoundEngine | undefined {
    return this.#found
  }

  /** Why the engine cannot be used at this moment, as a sentence; undefined while it answers. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Looks once for an engine that is not known, then keeps watch until `runtime.close`. Never rejects. */
  async begin(): Promise<void> {
    if (this.#docker === undefined) await this.#look()
    void this.#watch()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await wait(this.#problem === undefined ? CHECK_MILLISECONDS : AWAY_MILLISECONDS, signal).catch(() => {})
      if (!signal.aborted) await this.#look()
    }
  }

  async #look(): Promise<void> {
    const { log } = this.#options
    try {
      if (this.#docker === undefined) await this.#connect()
      else await this.#docker.answers(this.#within(ANSWER_MILLISECONDS))
      if (this.#problem !== undefined) log.warn('the container engine answers again')
      this.#problem = undefined
      this.#complainedAt = Number.NEGATIVE_INFINITY
    } catch (err) {
      if (this.#closing.signal.aborted) return
      this.#problem =
        err instanceof RuntimeError ? err.message : 'The container engine did not answer in time. It may be hung.'
      if (performance.now() - this.#complainedAt < COMPLAINT_MILLISECONDS) return
      this.#complainedAt = performance.now()
      const reason = this.#problem
      if (this.#docker === undefined)
        log.warn(
          { reason },
          'no container engine answers: the server serves without it, and what needs one waits for it',
        )
      else log.warn({ reason }, 'the container engine does not answer: what needs it waits for it')
    }
  }

  async #connect(): Promise<void> {
    const { log, installation, socket } = this.#options
    const signal = this.#within(CONNECT_MILLISECONDS)
    const docker = await connectDocker({ log, installation, signal, ...(socket !== undefined && { socket }) })
    try {
      this.#take(docker, { known: docker.known, description: await docker.describe(signal) })
    } catch (error) {
      await docker.close()
      throw error
    }
  }

  #take(docker: DockerRuntime, found: FoundEngine): void {
    this.#docker = docker
    this.#found = found
    this.#connected.resolve(docker)
    this.#resolveFound(found)
  }

  #within = (milliseconds: number): AbortSignal =>
    AbortSignal.any([this.#closing.signal, AbortSignal.timeout(milliseconds)])

  #delegate(): ContainerRuntime {
    const docker = (): DockerRuntime => {
      if (this.#docker !== undefined) return this.#docker
      throw new RuntimeError('unreachable', this.#problem ?? 'The container engine has not been found yet.')
    }
    const nameOf = () => this.#docker?.name ?? 'docker'
    const { promise: connected } = this.#connected
    const closing = this.#closing
    return {
      // What the engine is shows when it is found; both are spoken to in Docker's way.
      get name() {
        return nameOf()
      },
      describe: async (signal) => docker().describe(signal),
      findImage: async (reference, signal) => docker().findImage(reference, signal),
      pullImage: async (request, signal) => docker().pullImage(request, signal),
      startContainer: async (spec, signal) => docker().startContainer(spec, signal),
      listContainers: async (labels, signal) => docker().listContainers(labels, signal),
      inspectContainer: async (id, signal) => docker().inspectContainer(id, signal),
      stopContainer: async (id, graceSeconds, signal) => docker().stopContainer(id, graceSeconds, signal),
      removeContainer: async (id, graceSeconds, signal) => docker().removeContainer(id, graceSeconds, signal),
      async *readLogs(id, options, signal) {
        yield* docker().readLogs(id, options, signal)
      },
      async *watch(labels, signal) {
        const ended = new Promise<undefined>((resolve) => {
          if (signal.aborted) resolve(undefined)
          signal.addEventListener('abort', () => resolve(undefined), { once: true })
        })
        const found = await Promise.race([connected, ended])
        if (found !== undefined) yield* found.watch(labels, signal)
      },
      usage: async (id, signal) => docker().usage(id, signal),
      close: async () => {
        closing.abort(new Error('the server ends'))
        await this.#docker?.close()
      },
    }
  }
}
