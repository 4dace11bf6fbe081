import { chmod, mkdir, rm } from 'node:fs/promises'
import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Worker } from 'node:worker_threads'
import { ContentError, storageError } from './content-error.ts'
import type { TreeSummary } from './tree-writer.ts'
import type { FromUnpacker, ToUnpacker, UnpackLimits } from './unpack-messages.ts'

export interface UnpackOptions {
  readonly limits: UnpackLimits
  readonly signal: AbortSignal
}

/** Compressed bytes handed over at once, and on their way at most. */
const BATCH = 256 * 1024
const IN_FLIGHT = 2 * 1024 * 1024

/**
 * Unpacks a gzipped tar as it arrives into `directory`, which must not exist yet; its parent must. When this rejects,
 * the directory is gone again. Rejects with ContentError, with the error of `body`, or with the signal's reason.
 */
export async function unpackTarGz(body: Readable, directory: string, options: UnpackOptions): Promise<TreeSummary> {
  let made = false
  try {
    options.signal.throwIfAborted()
    await mkdir(directory)
    made = true
    await chmod(directory, 0o755)
    return await inWorker(body, directory, options)
  } catch (error) {
    body.destroy()
    if (made) await rm(directory, { recursive: true, force: true })
    options.signal.throwIfAborted()
    throw storageError(error)
  }
}

async function inWorker(body: Readable, directory: string, { limits, signal }: UnpackOptions): Promise<TreeSummary> {
  const worker = new Worker(new URL('./unpack-worker.ts', import.meta.url), { workerData: { directory, limits } })
  try {
    const feed = new WorkerFeed(worker)
    await pipeline(body, feed, { signal })
    return feed.result()
  } finally {
    await worker.terminate()
  }
}

/** A stream into the worker that holds back its source while the worker is behind, and ends when the worker is done. */
class WorkerFeed extends Writable {
  readonly #worker: Worker
  #batch = Buffer.allocUnsafeSlow(BATCH)
  #filled = 0
  #inFlight = 0
  #resume: (() => void) | undefined
  #finish: (() => void) | undefined
  #summary: TreeSummary | undefined

  constructor(worker: Worker) {
    super({ highWaterMark: BATCH })
    this.#worker = worker
    worker.on('message', (message: FromUnpacker) => this.#receive(message))
    worker.on('error', (error) => this.destroy(error))
    worker.on('exit', () => {
      if (this.#summary === undefined) this.destroy(new Error('the unpacking thread ended early'))
    })
  }

  result(): TreeSummary {
    if (this.#summary === undefined) throw new Error('the archive has not been unpacked')
    return this.#summary
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#batch, this.#filled, at)
      at += copied
      this.#filled += copied
      if (this.#filled === BATCH) this.#post()
    }
    if (this.#inFlight < IN_FLIGHT) done()
    else this.#resume = done
  }

  override _final(done: () => void): void {
    if (this.#filled > 0) this.#post()
    this.#finish = done
    this.#worker.postMessage({ type: 'end' } satisfies ToUnpacker)
  }

  #post(): void {
    const bytes = this.#batch.subarray(0, this.#filled)
    this.#inFlight += bytes.length
    this.#worker.postMessage({ type: 'data', bytes } satisfies ToUnpacker, [this.#batch.buffer as ArrayBuffer])
    this.#batch = Buffer.allocUnsafeSlow(BATCH)
    this.#filled = 0
  }

  #receive(message: FromUnpacker): void {
    if (message.type === 'failed') {
      this.destroy(new ContentError(message.kind, message.message))
    } else if (message.type === 'done') {
      this.#summary = { files: message.files, bytes: message.bytes }
      this.#finish?.()
    } else {
      this.#inFlight -= message.bytes
      if (this.#inFlight >= IN_FLIGHT) return
      const resume = this.#resume
      this.#resume = undefined
      resume?.()
    }
  }
}
