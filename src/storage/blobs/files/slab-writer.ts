import { Worker } from 'node:worker_threads'
import { StorageUnavailableError } from '../../errors.ts'
import type { DigestName } from '../digests.ts'
import { CHUNK_BYTES } from '../sealed-chunks.ts'
import type { FromSlabThread, SlabError, ToSlabThread } from './slab-messages.ts'

/** Whole chunks of an encrypted blob. */
export const SLAB_BYTES = 8 * CHUNK_BYTES
const KEPT_SLABS = 8

interface Waiting {
  readonly resolve: (value: Record<string, Uint8Array>) => void
  readonly reject: (error: Error) => void
}

/** One file that the thread writes to. All promises have settled before the file may be closed. */
export interface SlabSession {
  /** Hands a slab over; resolves when its bytes are written. */
  write(slab: ArrayBuffer, length: number): Promise<unknown>
  /** Resolves with the digests. To be called after failures too. */
  end(): Promise<Record<string, Uint8Array>>
}

/** The store's side of the writing thread, which exists from the first large body on. */
export class SlabWriter {
  readonly #free: ArrayBuffer[] = []
  readonly #waiting = new Map<number, Waiting[]>()
  #thread: Worker | undefined
  #lastSession = 0

  takeSlab(): ArrayBuffer {
    return this.#free.pop() ?? new ArrayBuffer(SLAB_BYTES)
  }

  giveBack(slab: ArrayBuffer): void {
    if (slab.byteLength === SLAB_BYTES && this.#free.length < KEPT_SLABS) this.#free.push(slab)
  }

  /** @param key what the thread is to encrypt with, if it is to */
  begin(fd: number, digests: readonly DigestName[], key?: Uint8Array): SlabSession {
    this.#thread ??= this.#start()
    const thread = this.#thread
    const session = ++this.#lastSession
    const answers: Waiting[] = []
    this.#waiting.set(session, answers)
    thread.ref()
    thread.postMessage({ type: 'begin', session, fd, digests, key } satisfies ToSlabThread)
    const ask = (message: ToSlabThread, transfer: ArrayBuffer[]) =>
      new Promise<Record<string, Uint8Array>>((resolve, reject) => {
        // A session does not outlive its thread: the next thread does not know it.
        if (this.#thread !== thread) return reject(new StorageUnavailableError('The writing thread has ended'))
        answers.push({ resolve, reject })
        thread.postMessage(message, transfer)
      })
    return {
      write: (buffer, length) => ask({ type: 'slab', session, buffer, length }, [buffer]),
      end: async () => {
        try {
          return await ask({ type: 'end', session }, [])
        } finally {
          this.#waiting.delete(session)
          if (this.#waiting.size === 0) thread.unref()
        }
      },
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate()
  }

  #start(): Worker {
    const thread = new Worker(new URL('./slab-thread.ts', import.meta.url), { name: 'blob writer', execArgv: [] })
    thread.on('message', (message: FromSlabThread) => this.#answer(message))
    let failure = 'The writing thread has ended'
    thread.on('error', (error) => {
      failure = (error as Error).message
    })
    thread.on('exit', () => {
      this.#thread = undefined
      for (const answers of this.#waiting.values()) {
        for (const { reject } of answers.splice(0)) reject(new StorageUnavailableError(failure))
      }
    })
    return thread
  }

  /** Answers come in the order of the questions of a session. */
  #answer(message: FromSlabThread): void {
    const waiting = this.#waiting.get(message.session)?.shift()
    if (message.type === 'ended') {
      waiting?.resolve(message.digests)
      return
    }
    this.giveBack(message.buffer)
    if (message.error === undefined) waiting?.resolve({})
    else waiting?.reject(toError(message.error))
  }
}

const toError = ({ message, code, syscall }: SlabError): Error => Object.assign(new Error(message), { code, syscall })
