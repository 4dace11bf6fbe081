import { statfs } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Principal } from '../../../../access/principal.ts'
import type { Clock } from '../../../../shared/clock.ts'
import { wait } from '../../../../shared/wait.ts'
import { StorageUnavailableError } from '../../../../storage/errors.ts'
import type { Logger } from '../../../../telemetry/log.ts'
import type { S3Facade } from '../../../s3/facade.ts'
import type { ModelData } from '../../models/resolved-container.ts'
import { type Claim, takeClaim } from './cache-claim.ts'
import { chooseEvictions } from './cache-eviction.ts'
import { type CacheHit, CacheStore } from './cache-store.ts'
import { ContentError } from './content-error.ts'
import { downloadTimedOut, etagDiffers, hasChanged, modelDataError } from './model-data-error.ts'
import { fetchModel } from './model-fetch.ts'
import { checkAccess, inspectSource, type ModelSource } from './model-source.ts'
import type { UnpackLimits } from './unpack-messages.ts'

export interface ModelCacheOptions {
  /** Made if absent; shared by all workers of a machine. */
  readonly directory: string
  readonly s3: S3Facade
  readonly clock: Clock
  readonly log: Logger
  readonly limits: UnpackLimits
  /** What unused entries may bring the cache to. */
  readonly maximumBytes: number
  /** The mount sources of all containers on this machine, running or not. While it fails, nothing is dropped. */
  readonly mounted: () => Promise<ReadonlySet<string>>
  /** How long after its last use an entry stays in any case. Default 10 minutes. */
  readonly graceMilliseconds?: number
  /** Pauses before further tries of a download. Default 200 ms, 1 s, 5 s. */
  readonly retryMilliseconds?: readonly number[]
}

export interface ModelRequest {
  /** The execution role: everything is read as it, and a cached model only if it may read the original. */
  readonly principal: Principal
  readonly data: ModelData
  /** The container's name in its model, for error texts: `container_1`. */
  readonly container: string
  /** ModelDataDownloadTimeoutInSeconds. */
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

export interface MaterialisedModel {
  /** The folder to mount read-only at /opt/ml/model. */
  readonly path: string
  readonly files: number
  readonly bytes: number
  /** Whether nothing had to be downloaded. */
  readonly cached: boolean
}

export interface ModelCache {
  /**
   * Brings model data onto this disk and returns its folder, which stays untouched while it is mounted and for a grace
   * period. Throws ModelDataError, StorageUnavailableError when it could not be tried, or the signal's reason.
   */
  materialise(request: ModelRequest): Promise<MaterialisedModel>
  /** Removes what crashes have left, and unused entries above the size limit. For the start and now and then. */
  sweep(): Promise<void>
}

const POLL = 100
/** How often an object may change under a download before that counts as a failure. */
const CHANGES = 3

/** Model data on this machine, by content: instances that need the same share one folder. */
export async function openModelCache(options: ModelCacheOptions): Promise<ModelCache> {
  const { s3, clock, log, limits } = options
  const store = await CacheStore.open(resolve(options.directory))

  /** Drops unused entries until all fit into `maximumBytes`; says whether any went. */
  async function trim(maximumBytes: number): Promise<boolean> {
    const paths = await options.mounted().catch((error: unknown) => {
      log.warn({ err: error }, 'The mounted models are not known, so none is dropped from the cache.')
      return undefined
    })
    if (paths === undefined) return false
    const entries = await store.list()
    const inUse = new Set(entries.map(({ key }) => key).filter((key) => paths.has(store.pathOf(key))))
    const graceMilliseconds = options.graceMilliseconds ?? 600_000
    let dropped = false
    for (const entry of chooseEvictions(entries, { maximumBytes, inUse, now: clock.now(), graceMilliseconds })) {
      if (!(await store.drop(entry))) continue
      dropped = true
      log.info({ model: entry.key, bytes: entry.bytes }, 'Dropped an unused model from the cache.')
    }
    return dropped
  }

  /** The model is there; that no other could be dropped is no reason to fail. */
  const keepToLimit = () =>
    trim(options.maximumBytes).catch((error: unknown) => log.warn({ err: error }, 'The model cache was not trimmed.'))

  /** Downloads as the holder of the claim; nothing of it is left when that fails. */
  async function download(source: ModelSource, claim: Claim, principal: Principal, signal: AbortSignal) {
    const { directory, model } = await store.begin(source.fingerprint, claim)
    try {
      const retryMilliseconds = options.retryMilliseconds ?? [200, 1000, 5000]
      await fetchModel(source, model, { s3, principal, limits, retryMilliseconds, signal })
      return await store.publish(source.fingerprint, directory)
    } catch (error) {
      await store.abandon(directory)
      throw error
    }
  }

  async function downloadMakingRoom(source: ModelSource, claim: Claim, principal: Principal, signal: AbortSignal) {
    const { bavail, bsize } = await statfs(options.directory)
    if (bavail * bsize < source.size && !(await trim(0))) {
      throw new ContentError('no-space', 'There is no space left on the disk for the model data.')
    }
    try {
      return await download(source, claim, principal, signal)
    } catch (error) {
      const isFull = error instanceof ContentError && error.kind === 'no-space'
      if (!isFull || !(await trim(0))) throw error
      return await download(source, claim, principal, signal)
    }
  }

  /** Waits for whoever downloads the same, or downloads. */
  async function obtain(source: ModelSource, principal: Principal, signal: AbortSignal): Promise<MaterialisedModel> {
    const found = (hit: CacheHit): MaterialisedModel => ({ ...hit, cached: true })
    for (;;) {
      const hit = await store.use(source.fingerprint)
      if (hit !== undefined) {
        await checkAccess(s3, principal, source)
        return found(hit)
      }
      const claim = await takeClaim(store.claims, source.fingerprint)
      if (claim === undefined) {
        await wait(POLL, signal)
        continue
      }
      try {
        const present = await store.useClaimed(source.fingerprint)
        if (present !== undefined) {
          await checkAccess(s3, principal, source)
          return found(present)
        }
        const made = await downloadMakingRoom(source, claim, principal, signal)
        return { ...made, cached: false }
      } finally {
        await claim.release()
      }
    }
  }

  return {
    async materialise(request) {
      const { principal, data, container, timeoutSeconds } = request
      const subject = { container, uri: data.uri, form: data.form }
      const deadline = AbortSignal.timeout(timeoutSeconds * 1000)
      const signal = AbortSignal.any([request.signal, deadline])
      try {
        for (let change = 0; ; change += 1) {
          signal.throwIfAborted()
          const source = await inspectSource(s3, principal, data, limits)
          const { etag } = data
          if (etag !== undefined && source.objects.some((object) => object.etag !== unquoted(etag))) {
            throw etagDiffers(subject, etag)
          }
          try {
            const model = await obtain(source, principal, signal)
            if (!model.cached) await keepToLimit()
            return model
          } catch (error) {
            if (!hasChanged(error) || change === CHANGES) throw error
          }
        }
      } catch (error) {
        request.signal.throwIfAborted()
        // The database is away: nothing is known of the model, and so nothing is said of it.
        if (error instanceof StorageUnavailableError) throw error
        throw deadline.aborted ? downloadTimedOut(subject, timeoutSeconds) : modelDataError(error, subject)
      }
    },

    async sweep() {
      await store.sweep()
      await trim(options.maximumBytes)
    },
  }
}

const unquoted = (etag: string): string => etag.replace(/^"|"$/g, '')
