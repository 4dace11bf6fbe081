import { randomBytes } from 'node:crypto'
import type { Principal } from '../../../access/principal.ts'
import type { ContainerRuntime } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LogsFacade, LogTarget } from '../../logs/facade.ts'
import type { LambdaLimits } from '../deps.ts'
import { serviceFailure, tooManyRequests } from '../errors.ts'
import { LATEST } from '../functions/function-name.ts'
import { type FunctionRecord, logGroupOf } from '../functions/function-record.ts'
import { ExecutionEnvironment, NOT_DELIVERED } from './execution-environment.ts'
import { FunctionContainers } from './function-container.ts'
import { FunctionLog } from './function-log.ts'
import { FunctionProcesses } from './function-process.ts'
import type { Invocation, InvocationOutcome } from './invocation.ts'
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts'
import type { Sandbox } from './sandbox.ts'

/** Runs functions: the warm environments of this worker and the making of new ones. */
export interface FunctionExecution {
  /**
   * Hands an event to an idle environment or a new one. A function that fails is an outcome; what is thrown is a
   * ServiceError: TooManyRequestsException when no environment is free, ServiceException when none can be made.
   */
  invoke(record: FunctionRecord, invocation: Invocation): Promise<InvocationOutcome>
  /** Ends a function's environments: idle ones now, busy ones after their event. */
  retire(functionId: string): void
  /** Kills everything and cleans up. */
  stop(): Promise<void>
}

export interface ExecutionOptions {
  readonly blobs: BlobStore
  readonly iam: IamFacade
  readonly logs: LogsFacade
  readonly clock: Clock
  readonly log: Logger
  readonly limits: LambdaLimits
  /** Runs functions from images; without it they are refused. */
  readonly runtime?: ContainerRuntime
  /** Where functions reach this server. */
  readonly endpointUrl: string
  /** Where to keep unpacked code; a directory that all users may enter. Default: the system's temporary directory. */
  readonly runDirectory?: string
}

const CREDENTIALS_SECONDS = 12 * 60 * 60
/** An environment does not outlive its credentials. */
const MAX_AGE = (CREDENTIALS_SECONDS - 60 * 60) * 1000
const SWEEP_EVERY = 10_000
const DELIVERY_ATTEMPTS = 3

export async function startFunctionExecution(options: ExecutionOptions): Promise<FunctionExecution> {
  const api = await startRuntimeApi()
  try {
    const processes = await FunctionProcesses.open(options.blobs, options.limits, options.log, options.runDirectory)
    return new EnvironmentPool(options, api, processes)
  } catch (error) {
    await api.close()
    throw error
  }
}

/** The principal of the execution role; undefined when Lambda may not take it. */
type Role = () => Promise<Principal | undefined>

class EnvironmentPool implements FunctionExecution {
  readonly #options: ExecutionOptions
  readonly #api: RuntimeApi
  readonly #processes: FunctionProcesses
  readonly #containers: FunctionContainers
  readonly #environments = new Map<ExecutionEnvironment, number>()
  readonly #sweeper: NodeJS.Timeout
  #stopped = false

  constructor(options: ExecutionOptions, api: RuntimeApi, processes: FunctionProcesses) {
    this.#options = options
    this.#api = api
    this.#processes = processes
    this.#containers = new FunctionContainers(options.runtime, options.log)
    this.#sweeper = setInterval(() => this.#endIdle(), Math.min(SWEEP_EVERY, options.limits.idleMilliseconds))
    this.#sweeper.unref()
  }

  async invoke(record: FunctionRecord, invocation: Invocation): Promise<InvocationOutcome> {
    for (let attempt = 0; attempt < DELIVERY_ATTEMPTS; attempt += 1) {
      if (this.#stopped) throw serviceFailure('The server is shutting down.')
      const environment = this.#idleFor(record)
      const outcome = await (environment?.invoke(invocation) ?? this.#startFor(record, invocation))
      if (outcome !== NOT_DELIVERED) return outcome
    }
    throw serviceFailure('The environments of the function end before they take the event.')
  }

  retire(functionId: string): void {
    for (const environment of this.#environments.keys()) {
      if (environment.record.id === functionId) environment.retire()
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#sweeper)
    await Promise.all([...this.#environments.keys()].map((environment) => environment.kill()))
    await this.#api.close()
    await this.#processes.close()
  }

  /** The environment that was busy last, so that surplus ones grow idle; those of older revisions end. */
  #idleFor(record: FunctionRecord): ExecutionEnvironment | undefined {
    let best: ExecutionEnvironment | undefined
    for (const environment of this.#environments.keys()) {
      if (environment.record.id !== record.id) continue
      if (environment.record.revisionId !== record.revisionId) environment.retire()
      else if (environment.idle && environment.idleSince > (best?.idleSince ?? -1)) best = environment
    }
    return best
  }

  #startFor(record: FunctionRecord, invocation: Invocation): ReturnType<ExecutionEnvironment['invoke']> {
    this.#makeRoom(record)
    // One look at the role for all that one environment does, as the credentials in it are made once.
    const role = once(() => this.#assumeRole(record))
    const { logs, clock, log: serverLog } = this.#options
    const log = new FunctionLog(this.#logTarget(record), role, logs, clock, serverLog)
    const environment = new ExecutionEnvironment(record, log)
    this.#environments.set(environment, performance.now())
    void environment.ended.then(() => this.#environments.delete(environment))
    const outcome = environment.invoke(invocation)
    void environment.begin(() => this.#startSandbox(record, environment, role))
    return outcome
  }

  /** Throws TooManyRequestsException when the bounds are reached and no idle environment of another function can go. */
  #makeRoom(record: FunctionRecord): void {
    const { environments, environmentsPerFunction } = this.#options.limits
    const alive = [...this.#environments.keys()].filter((environment) => !environment.over)
    const own = alive.filter((environment) => environment.record.id === record.id)
    if (own.length >= environmentsPerFunction) throw tooManyRequests()
    if (alive.length < environments) return
    const [longestIdle] = alive.filter(({ idle }) => idle).toSorted((one, other) => one.idleSince - other.idleSince)
    if (longestIdle === undefined) throw tooManyRequests()
    longestIdle.retire()
  }

  async #startSandbox(record: FunctionRecord, environment: ExecutionEnvironment, role: Role): Promise<Sandbox> {
    const { code } = record
    try {
      const context = {
        logTarget: environment.log.target,
        aws: await this.#awsVariables(record, role),
        say: (line: string) => environment.log.line(line),
      }
      if (code.type === 'Image') return await this.#containers.start(record, code.imageUri, environment, context)
      const session = this.#api.register(environment)
      try {
        const sandbox = await this.#processes.start(record, code, { ...context, runtimeApi: session.address })
        void sandbox.ended.then(session.unregister)
        return sandbox
      } catch (error) {
        session.unregister()
        throw error
      }
    } catch (error) {
      if (error instanceof ServiceError) throw error
      this.#options.log.error({ err: error, function: record.arn }, 'an execution environment could not be started')
      throw serviceFailure('The execution environment could not be started.')
    }
  }

  #assumeRole(record: FunctionRecord): Promise<Principal | undefined> {
    const { role } = record.settings
    return this.#options.iam.assumeRoleForService(role, 'lambda.amazonaws.com', record.name, record.arn)
  }

  /** Credentials of a session of the execution role, and where they are good for something. */
  async #awsVariables(record: FunctionRecord, role: Role): Promise<Record<string, string>> {
    const { iam, endpointUrl } = this.#options
    const principal = await role()
    if (principal === undefined) {
      throw new ServiceError(
        'AccessDeniedException',
        'The role defined for the function cannot be assumed by Lambda.',
        {
          status: 403,
          members: { Type: 'User' },
        },
      )
    }
    const credentials = await iam.issueCredentials(principal, CREDENTIALS_SECONDS)
    return {
      AWS_REGION: record.region,
      AWS_DEFAULT_REGION: record.region,
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
    }
  }

  #logTarget(record: FunctionRecord): LogTarget {
    const day = new Date(this.#options.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')
    const { account, region } = record
    return {
      account,
      region,
      group: logGroupOf(record),
      stream: `${day}/[${LATEST}]${randomBytes(16).toString('hex')}`,
    }
  }

  #endIdle(): void {
    const now = performance.now()
    for (const [environment, startedAt] of this.#environments) {
      const unused = environment.idle && now - environment.idleSince > this.#options.limits.idleMilliseconds
      if (unused || now - startedAt > MAX_AGE) environment.retire()
    }
  }
}

/** Calls once, and again only after a failure. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}
