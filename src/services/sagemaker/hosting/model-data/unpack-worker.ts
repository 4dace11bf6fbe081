import { parentPort, workerData } from 'node:worker_threads'
import { createGunzip } from 'node:zlib'
import { ContentError, storageError } from './content-error.ts'
import { createTarReader } from './tar-reader.ts'
import { createTreeWriter } from './tree-writer.ts'
import type { FromUnpacker, ToUnpacker, UnpackLimits } from './unpack-messages.ts'

/*
 * One archive's unpacking, in a thread of its own: inflating happens in the thread pool, parsing and writing here, so
 * that the two overlap and the server's own thread only hands over compressed bytes.
 */

/** With zlib's default of 16 KiB the trips to the thread pool cost more than the inflating. */
const CHUNK = 1024 * 1024
/** Below this no archive is a bomb worth stopping. */
const RATIO_MATTERS = 1024 * 1024 * 1024
/** What headers and padding may add for each entry. */
const OVERHEAD = 4096

const { directory, limits } = workerData as { directory: string; limits: UnpackLimits }
const port = parentPort
if (port === null) throw new Error('unpack-worker runs as a worker thread only')
const send = (message: FromUnpacker) => port.postMessage(message)

let headers = 0
let received = 0
let inflated = 0
const writer = createTreeWriter(directory, limits)
const reader = createTarReader(writer, () => {
  headers += 1
  if (headers > 4 * limits.maximumEntries) {
    throw new ContentError('too-large', `The archive holds more than ${limits.maximumEntries} files.`)
  }
})
const gunzip = createGunzip({ chunkSize: CHUNK })
const waiting: Buffer[] = []
let failed = false

function fail(error: unknown): void {
  if (failed) return
  failed = true
  const known = storageError(error)
  if (!(known instanceof ContentError)) throw error
  gunzip.destroy()
  send({ type: 'failed', kind: known.kind, message: known.message })
  port?.close()
}

function guard(chunk: Buffer): void {
  inflated += chunk.length
  if (inflated > limits.maximumBytes + OVERHEAD * limits.maximumEntries) {
    throw new ContentError('too-large', `The archive unpacks to more than ${limits.maximumBytes} bytes.`)
  }
  if (inflated > RATIO_MATTERS && inflated > received * limits.maximumRatio) {
    throw new ContentError('too-large', `The archive unpacks to more than ${limits.maximumRatio} times its size.`)
  }
}

function drain(): void {
  if (failed) return
  try {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      guard(chunk)
      reader.write(chunk)
    }
  } catch (error) {
    fail(error)
  }
}

gunzip.on('data', (chunk: Buffer) => {
  waiting.push(chunk)
  // Written a tick later, when zlib has been given its next output buffer: then both work at once.
  if (waiting.length === 1) process.nextTick(drain)
})
gunzip.on('error', (error) => {
  // What came out before the damage is looked at first: an entry that is refused says more.
  drain()
  fail(damagedGzip(error))
})
gunzip.on('end', () => {
  drain()
  if (failed) return
  try {
    if (received === 0) throw new ContentError('corrupt', 'The object is empty.')
    reader.end()
    send({ type: 'done', ...writer.finish() })
    port.close()
  } catch (error) {
    fail(error)
  }
})

port.on('message', (message: ToUnpacker) => {
  if (gunzip.destroyed) return
  if (message.type === 'end') {
    gunzip.end()
    return
  }
  const { bytes } = message
  received += bytes.length
  gunzip.write(bytes, () => send({ type: 'consumed', bytes: bytes.length }))
})

function damagedGzip(error: Error): ContentError {
  if (received === 0) return new ContentError('corrupt', 'The object is empty.')
  const message =
    'code' in error && error.code === 'Z_BUF_ERROR'
      ? 'The gzip data is cut short.'
      : received < 2 || inflated === 0
        ? 'The object is not gzip-compressed.'
        : 'The gzip data is damaged.'
  return new ContentError('corrupt', message, error)
}
