import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunningProcess, startProcess } from '../../scripts/machine/process.ts'
import { DEFAULT_ACCOUNT, readRootCredentials } from '../../src/services/iam/root-credentials.ts'
import { openMasterKey } from '../../src/storage/master-key.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))

export interface SlipwayOptions {
  /** Further flags of `slipway serve`. */
  readonly flags?: readonly string[]
  /** Default `none`: most tests need no containers. */
  readonly runtime?: 'docker' | 'none'
  readonly workers?: number
  /** The engine's socket, for the runtime docker. */
  readonly engineSocket?: string
  /** An existing data directory; it is kept. Default: a new one, removed at the end. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A running server and what a client needs to use it. */
export interface Slipway {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly account: string
  readonly process: RunningProcess
  /** What AWS clients read from the environment. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Starts `slipway serve` on a free port, and waits until it says that it is ready. */
export async function startSlipway(options: SlipwayOptions = {}): Promise<Slipway> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'slipway-')))
  const { runtime = 'none', workers = 1, flags = [] } = options
  const args = [
    'serve',
    '--port',
    '0',
    '--data-dir',
    dataDir,
    '--workers',
    String(workers),
    '--runtime',
    runtime,
    ...flags,
  ]
  const env = {
    ...cleanEnvironment(),
    SLIPWAY_LOG_LEVEL: 'warn',
    ...(options.engineSocket !== undefined && { DOCKER_HOST: options.engineSocket }),
    ...options.env,
  }
  const program = startProcess(PROGRAM, args, { env })
  const removeData = async () => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
  }
  try {
    const [, url] = (await program.waitForOutput(/ready at (http:\/\/\S+)/, 30_000)) as unknown as [string, string]
    const credentials = await readCredentials(dataDir)
    const region = 'us-east-1'
    return {
      url,
      port: Number(new URL(url).port),
      dataDir,
      ...credentials,
      region,
      account: DEFAULT_ACCOUNT,
      process: program,
      env: {
        AWS_ENDPOINT_URL: url,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
      },
      async stop() {
        await program.stop(15_000)
        await removeData()
      },
    }
  } catch (error) {
    await program.stop(5_000)
    await removeData()
    throw error
  }
}

async function readCredentials(dataDir: string) {
  const database = await openSqliteDatabase({ file: join(dataDir, 'slipway.db') })
  try {
    const found = await readRootCredentials(database, await openMasterKey(dataDir))
    if (found === undefined) throw new Error('the server has made no root access key')
    return found
  } finally {
    await database.close()
  }
}

/** The environment without what would configure Slipway or AWS clients by accident. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SLIPWAY_') && !name.startsWith('AWS_')),
  )
}
