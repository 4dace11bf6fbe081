import { writeSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { DigestSet } from '../digests.ts'
import type { FromSlabThread, SlabError, ToSlabThread } from './slab-messages.ts'

/** Entry of the thread that digests and writes large bodies, so that the event loop does neither. */

const port = parentPort as MessagePort
const sessions = new Map<number, { readonly fd: number; readonly digests: DigestSet }>()

const say = (message: FromSlabThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

function write(session: number, bytes: Uint8Array): SlabError | undefined {
  const open = sessions.get(session)
  if (open === undefined) return { code: undefined, syscall: undefined, message: 'The blob is not being written' }
  try {
    open.digests.update(bytes)
    for (let at = 0; at < bytes.length; ) at += writeSync(open.fd, bytes, at)
    return undefined
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    return { code, syscall, message }
  }
}

port.on('message', (message: ToSlabThread) => {
  const { session } = message
  if (message.type === 'begin') {
    sessions.set(session, { fd: message.fd, digests: new DigestSet(message.digests) })
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
