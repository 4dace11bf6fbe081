import { join } from 'node:path'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { LogTarget } from '../../logs/facade.ts'
import type { LambdaLimits } from '../deps.ts'
import { serviceFailure } from '../errors.ts'
import { LATEST } from '../functions/function-name.ts'
import type { FunctionCodeSource, FunctionRecord } from '../functions/function-record.ts'
import { CodeCache } from './code-cache.ts'
import { choiceSentence, findInterpreters, type Interpreter, nearestInterpreter } from './interpreters.ts'
import { startProcess } from './process-sandbox.ts'
import { openRunDirectory, type RunDirectory } from './run-directory.ts'
import type { Sandbox } from './sandbox.ts'
import { type UnprivilegedIds, unprivilegedIds } from './unprivileged-ids.ts'

const MIB = 1024 * 1024

/** What differs from one environment to the next of the same function. */
export interface EnvironmentContext {
  readonly logTarget: LogTarget
  /** Credentials of the execution role, region and endpoint. */
  readonly aws: Readonly<Record<string, string>>
  /** Puts a line into the function's log. */
  readonly say: (line: string) => void
}

interface ProcessContext extends EnvironmentContext {
  /** The environment's own address of the Runtime API. */
  readonly runtimeApi: string
}

/** Runs functions from zips as processes of this machine. */
export class FunctionProcesses {
  readonly #directory: RunDirectory
  readonly #ids: UnprivilegedIds | undefined
  readonly #code: CodeCache
  #interpreters: Promise<readonly Interpreter[]> | undefined

  static async open(blobs: BlobStore, limits: LambdaLimits, log: Logger, parent?: string): Promise<FunctionProcesses> {
    const ids = unprivilegedIds('user')
    if (ids === undefined) {
      log.warn("functions run as the server's own user: only root can give them users of their own")
    }
    const directory = await openRunDirectory(parent)
    return new FunctionProcesses(directory, ids, new CodeCache(blobs, directory, unprivilegedIds('group'), limits))
  }

  private constructor(directory: RunDirectory, ids: UnprivilegedIds | undefined, code: CodeCache) {
    this.#directory = directory
    this.#ids = ids
    this.#code = code
  }

  async start(
    record: FunctionRecord,
    code: FunctionCodeSource & { type: 'Zip' },
    context: ProcessContext,
  ): Promise<Sandbox> {
    const interpreter = await this.#interpreterFor(record)
    context.say(choiceSentence(record.settings.runtime!, interpreter))
    const uid = this.#ids?.take()
    if (this.#ids !== undefined && uid === undefined)
      throw serviceFailure('No user id is free for another environment.')
    let folder: string | undefined
    let release = () => {}
    const clean = async () => {
      release()
      if (folder !== undefined) await this.#directory.remove(folder).catch(() => {})
      if (uid !== undefined) this.#ids?.giveBack(uid)
    }
    try {
      const unpacked = await this.#code.use(code.blob)
      release = unpacked.release
      folder = await this.#directory.makeOwn(uid)
      const sandbox = startProcess({
        command: commandOf(interpreter, this.#directory.bootstraps, record),
        environment: environmentOf(record, interpreter, unpacked.path, this.#directory.bootstraps, folder, context),
        directory: unpacked.path,
        identity: uid === undefined ? {} : { uid, gid: unpacked.group ?? uid },
        memoryBytes: record.settings.memorySize * MIB,
        fileBytes: record.settings.ephemeralStorage * MIB,
      })
      return { ...sandbox, ended: sandbox.ended.finally(clean) }
    } catch (error) {
      await clean()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#directory.close()
  }

  async #interpreterFor(record: FunctionRecord): Promise<Interpreter> {
    this.#interpreters ??= this.#findInterpreters()
    const runtime = record.settings.runtime!
    const interpreter = nearestInterpreter(runtime, await this.#interpreters)
    if (interpreter !== undefined) return interpreter
    // Perhaps it is installed by the next invocation.
    this.#interpreters = undefined
    throw serviceFailure(
      `No program on this machine runs ${runtime}: install ${runtime.startsWith('python') ? 'Python 3' : 'Node.js'}.`,
    )
  }

  async #findInterpreters(): Promise<readonly Interpreter[]> {
    const id = this.#ids?.take()
    try {
      return await findInterpreters(id === undefined ? {} : { uid: id, gid: id }, (program) =>
        this.#directory.place(program),
      )
    } finally {
      if (id !== undefined) this.#ids?.giveBack(id)
    }
  }
}

function commandOf(interpreter: Interpreter, bootstraps: string, record: FunctionRecord): readonly string[] {
  if (interpreter.family === 'python') return [interpreter.path, '-s', join(bootstraps, 'bootstrap.py')]
  const heap = Math.max(64, Math.floor(record.settings.memorySize * 0.9))
  return [interpreter.path, `--max-old-space-size=${heap}`, join(bootstraps, 'bootstrap.mjs')]
}

/** Everything the process finds in its environment: Lambda's variables, then the function's own over them. */
function environmentOf(
  record: FunctionRecord,
  interpreter: Interpreter,
  code: string,
  bootstraps: string,
  folder: string,
  context: ProcessContext,
): Readonly<Record<string, string>> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    TZ: ':UTC',
    HOME: folder,
    TMPDIR: folder,
    ...(interpreter.family === 'python' && { PYTHONDONTWRITEBYTECODE: '1' }),
    ...lambdaVariables(record, context),
    LAMBDA_TASK_ROOT: code,
    LAMBDA_RUNTIME_DIR: bootstraps,
    AWS_EXECUTION_ENV: `AWS_Lambda_${record.settings.runtime}`,
    ...context.aws,
    ...record.variables,
    _HANDLER: record.settings.handler ?? '',
    AWS_LAMBDA_RUNTIME_API: context.runtimeApi,
  }
}

/** The variables that every function finds, whatever runs it. */
export const lambdaVariables = (
  record: FunctionRecord,
  { logTarget }: Pick<EnvironmentContext, 'logTarget'>,
): Readonly<Record<string, string>> => ({
  AWS_LAMBDA_FUNCTION_NAME: record.name,
  AWS_LAMBDA_FUNCTION_VERSION: LATEST,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.settings.memorySize),
  AWS_LAMBDA_LOG_GROUP_NAME: logTarget.group,
  AWS_LAMBDA_LOG_STREAM_NAME: logTarget.stream,
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
})
