import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { createWorkQueue } from '../control/database-work-queue.ts'
import type { WorkQueue } from '../control/work-queue.ts'
import type { ContainerRuntime } from '../runtime/container-runtime.ts'
import { AwaitedEngine, type FoundEngine } from '../runtime/docker/awaited-engine.ts'
import { createNoContainers } from '../runtime/none/no-containers.ts'
import { bootstrapAccount } from '../services/iam/bootstrap.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import type { SealedBox } from '../shared/sealed-box.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import { openFileBlobStore } from '../storage/blobs/files/file-blob-store.ts'
import type { ChangeFeed } from '../storage/change-feed.ts'
import { type CommitWatch, watchCommits } from '../storage/commit-watch.ts'
import type { Database } from '../storage/database.ts'
import { installationId } from '../storage/installation-id.ts'
import { openMasterKey } from '../storage/master-key.ts'
import { startTableChangeFeed } from '../storage/table-change-feed.ts'
import type { Logger } from '../telemetry/log.ts'
import { openDatabase } from './open-database.ts'

export interface AppOptions {
  /** Of the worker, from 0. */
  readonly index: number
  readonly log: Logger
  /** What an earlier worker has found, for one that takes its place. */
  readonly engine?: FoundEngine | undefined
}

/** What every service stands on, and knows no service itself. */
export interface Foundation {
  readonly config: Config
  readonly index: number
  readonly log: Logger
  readonly clock: Clock
  readonly installation: string
  /** Undefined with `--runtime none`. */
  readonly engine: AwaitedEngine | undefined
  readonly runtime: ContainerRuntime
  readonly database: Database
  readonly masterKey: SealedBox
  readonly objects: BlobStore
  readonly functionCode: BlobStore
  readonly imageLayers: BlobStore
  readonly watch: CommitWatch
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
}

/** Opens engine and stores, in which there is an account afterwards, and begins to hear of what other workers commit. */
export async function layFoundation(config: Config, { index, log, engine: given }: AppOptions): Promise<Foundation> {
  const clock = systemClock
  const { dataDir } = config
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const installation = await installationId(dataDir)
  const engine = config.runtime === 'none' ? undefined : new AwaitedEngine({ log, installation, found: given })
  await engine?.begin()
  const [database, masterKey, objects, functionCode, imageLayers] = await Promise.all([
    openDatabase(dataDir, log),
    openMasterKey(dataDir),
    openFileBlobStore(join(dataDir, 'objects')),
    openFileBlobStore(join(dataDir, 'functions')),
    openFileBlobStore(join(dataDir, 'images')),
  ])
  await bootstrapAccount(database, masterKey, clock.now())
  const watch = watchCommits(database, log)
  return {
    ...{
      config,
      index,
      log,
      clock,
      installation,
      engine,
      database,
      masterKey,
      objects,
      functionCode,
      imageLayers,
      watch,
    },
    runtime: engine?.runtime ?? createNoContainers(),
    changeFeed: await startTableChangeFeed({ db: database, watch, clock, log }),
    workQueue: createWorkQueue({ db: database, watch, clock, log }),
  }
}
