import { randomBytes } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'
import { Readable } from 'node:stream'
import {
  type ContainerRuntime,
  type LocalImage,
  type RunningContainer,
  RuntimeError,
} from '../../../runtime/container-runtime.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { serviceFailure } from '../errors.ts'
import type { FunctionRecord } from '../functions/function-record.ts'
import { followContainer } from './follow-container.ts'
import { type EnvironmentContext, lambdaVariables } from './function-process.ts'
import { isAlive } from './run-directory.ts'
import { type ContainerRuntimeApi, type RuntimeSession, startContainerRuntimeApi } from './runtime-api.ts'
import type { Sandbox } from './sandbox.ts'

const MIB = 1024 * 1024
const PROCESSES = 1024
/** Lambda gives a whole CPU at this much memory. */
const MEMORY_A_CPU = 1769
/** For pulling and starting. Milliseconds. */
const START_TIMEOUT = 15 * 60_000
const END_TIMEOUT = 60_000

const FUNCTION_LABEL = 'io.slipway.lambda.function'
/** The worker that uses the container: what another one leaves when it dies is of no use to anybody. */
const OWNER_LABEL = 'io.slipway.lambda.owner'

/** Runs functions from container images whose runtime speaks the Lambda Runtime API, as AWS's base images do. */
export class FunctionContainers {
  readonly #runtime: ContainerRuntime | undefined
  readonly #log: Logger
  #cleaned: Promise<void> | undefined

  constructor(runtime: ContainerRuntime | undefined, log: Logger) {
    this.#runtime = runtime
    this.#log = log
  }

  async start(
    record: FunctionRecord,
    imageUri: string,
    session: RuntimeSession,
    context: EnvironmentContext,
  ): Promise<Sandbox> {
    const runtime = this.#runtime
    if (runtime === undefined || runtime.name === 'none') {
      throw serviceFailure('Functions from container images need a container engine, and this server runs without one.')
    }
    await this.#clean(runtime)
    const host = hostAddress()
    if (host === undefined)
      throw serviceFailure('This machine has no address at which a container could reach the server.')
    const api = await startContainerRuntimeApi(session, host)
    try {
      const signal = AbortSignal.timeout(START_TIMEOUT)
      const image = await findOrPull(runtime, imageUri, signal)
      context.say(`INIT_START Container image: ${imageUri}`)
      const container = await runtime.startContainer(specOf(record, image, api, context), signal)
      return this.#follow(runtime, container, api)
    } catch (error) {
      await api.close()
      if (error instanceof RuntimeError)
        throw serviceFailure(`The container of the function cannot run: ${error.message}`)
      throw error
    }
  }

  async #follow(
    runtime: ContainerRuntime,
    { id, address }: RunningContainer,
    api: ContainerRuntimeApi,
  ): Promise<Sandbox> {
    let removed: Promise<void> | undefined
    const left = new AbortController()
    // Once for all who ask, and never a reason to fail: what remains is removed by the next worker that starts.
    const remove = () => {
      removed ??= runtime.removeContainer(id, 0, AbortSignal.timeout(END_TIMEOUT)).catch((error) => {
        this.#log.warn({ err: error, id }, "a function's container remains")
        // Whoever wanted it gone does not wait for an engine that may never come back.
        left.abort()
      })
      return removed
    }
    const ip = address.slice(0, address.lastIndexOf(':'))
    if (ip.startsWith('127.')) {
      await remove()
      throw serviceFailure('Functions from container images need Docker or Podman run by root on Linux.')
    }
    api.admit(ip)
    const output = new Readable({ read() {} })
    const ended = followContainer(runtime, id, output, this.#log, left.signal).finally(async () => {
      output.push(null)
      await Promise.all([remove(), api.close()])
    })
    return {
      output: [output],
      ended,
      memory: () => undefined,
      kill: async () => {
        await remove()
        await ended
      },
    }
  }

  async #clean(runtime: ContainerRuntime): Promise<void> {
    try {
      this.#cleaned ??= this.#removeStale(runtime)
      await this.#cleaned
    } catch (error) {
      // An engine that was away is asked again the next time.
      this.#cleaned = undefined
      if (!(error instanceof RuntimeError)) throw error
      throw serviceFailure(`The container of the function cannot run: ${error.message}`)
    }
  }

  async #removeStale(runtime: ContainerRuntime): Promise<void> {
    const signal = AbortSignal.timeout(END_TIMEOUT)
    for (const { id, labels } of await runtime.listContainers({ [FUNCTION_LABEL]: 'yes' }, signal)) {
      const [host, pid] = (labels[OWNER_LABEL] ?? '').split('/')
      if (host === hostname() && !isAlive(Number(pid))) await runtime.removeContainer(id, 0, signal)
    }
  }
}

/** What this machine has under the digest, or else what its registry gives without a login. */
async function findOrPull(runtime: ContainerRuntime, reference: string, signal: AbortSignal): Promise<LocalImage> {
  return (await runtime.findImage(reference, signal)) ?? (await runtime.pullImage({ reference }, signal))
}

function specOf(record: FunctionRecord, image: LocalImage, api: ContainerRuntimeApi, context: EnvironmentContext) {
  const { settings } = record
  return {
    name: `slipway-function-${record.name.slice(0, 40)}-${randomBytes(6).toString('hex')}`,
    image: image.id,
    // None leaves the image's own.
    command: settings.imageCommand ?? [],
    environment: {
      ...lambdaVariables(record, context),
      ...context.aws,
      ...record.variables,
      AWS_LAMBDA_RUNTIME_API: api.address,
    },
    labels: { [FUNCTION_LABEL]: 'yes', [OWNER_LABEL]: `${hostname()}/${process.pid}` },
    mounts: [],
    port: 8080,
    memoryBytes: settings.memorySize * MIB,
    cpus: Math.max(0.5, settings.memorySize / MEMORY_A_CPU),
    pids: PROCESSES,
    network: 'open' as const,
    addedCapabilities: [],
  }
}

/** An address of this machine that containers on a bridge reach: a bridge's own if there is one, for it leads nowhere else. */
function hostAddress(): string | undefined {
  const candidates = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ name, address })),
  )
  const bridge = candidates.find(({ name }) => /^(docker|podman|cni-podman)\d/.test(name))
  return (bridge ?? candidates[0])?.address
}
