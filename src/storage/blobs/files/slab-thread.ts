import { writeSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { freeBuffer } from '../../../shared/free-buffer.ts'
import { DigestSet } from '../digests.ts'
import { CHUNK_BYTES, sealChunks, sealedSize } from '../sealed-chunks.ts'
import type { FromSlabThread, SlabError, ToSlabThread } from './slab-messages.ts'

/** Entry of the thread that digests, encrypts and writes large bodies, so that the event loop does none of it. */

const port = parentPort as MessagePort

interface Session {
  readonly fd: number
  readonly digests: DigestSet
  readonly key: Uint8Array | undefined
  /** The number of the chunk that the next slab begins with. */
  chunk: number
}
const sessions = new Map<number, Session>()

/** Where a slab is put together that has been encrypted; grown once. */
let sealed = Buffer.alloc(0)

const say = (message: FromSlabThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

function write(session: number, bytes: Uint8Array): SlabError | undefined {
  const open = sessions.get(session)
  if (open === undefined) return { code: undefined, syscall: undefined, message: 'The blob is not being written' }
  try {
    open.digests.update(bytes)
    const out = open.key === undefined ? bytes : seal(open, open.key, bytes)
    for (let at = 0; at < out.length; ) at += writeSync(open.fd, out, at)
    return undefined
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    return { code, syscall, message }
  }
}

/** All slabs but the last of a body are full, so that each begins at a chunk. */
function seal(open: Session, key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const size = sealedSize(bytes.length)
  if (sealed.length < size) sealed = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const piece of sealChunks(key, open.chunk, bytes)) {
    sealed.set(piece, at)
    at += piece.length
    // A thread's own heap is small: its collector would let tens of megabytes of these lie.
    freeBuffer(piece)
  }
  open.chunk += Math.ceil(bytes.length / CHUNK_BYTES)
  return sealed.subarray(0, at)
}

port.on('message', (message: ToSlabThread) => {
  const { session } = message
  if (message.type === 'begin') {
    const { fd, digests, key } = message
    sessions.set(session, { fd, digests: new DigestSet(digests), key, chunk: 0 })
  } else if (message.type === 'slab') {
    const { buffer, length } = message
    const error = write(session, new Uint8Array(buffer, 0, length))
    say({ type: 'written', session, buffer, error }, [buffer])
  } else {
    const digests = sessions.get(session)?.digests.finish() ?? {}
    sessions.delete(session)
    say({ type: 'ended', session, digests })
  }
})
