import type { Socket } from 'node:net'
import type { AnswerStream } from '../../services/sagemaker-runtime/answer-stream.ts'
import { MOST_IN_ONE_PIECE, wroteInOnePiece } from '../../shared/one-piece.ts'
import { answerHead } from './answer-head.ts'

const NOTHING = new Uint8Array()
const LINE_END = Buffer.from('\r\n')
const DIGITS = Buffer.from('0123456789abcdef')

/** What a response tells the connection it is written to. */
export interface ResponseOwner {
  /** Whether another request may follow on the connection. Asked when the head is written. */
  readonly keepAlive: boolean
  /** For which an idle connection is kept, in seconds. */
  readonly idleSeconds: number
}

/** The answer to one request on a connection of the front, byte by byte as node:http would write it. */
export class FrontResponse implements AnswerStream {
  readonly #socket: Socket
  readonly #owner: ResponseOwner
  #onClose: (() => void) | undefined
  #onDrain: (() => void) | undefined
  /** The head, until it goes out with the first part. */
  #head: string | undefined
  #chunked = false
  #ended = false
  #gone = false
  headersSent = false
  /** Set to false before the head is written, it makes the answer the connection's last. */
  keepsAlive = true
  status = 0
  /** Bytes of the answer so far, its head included. */
  bytes = 0

  constructor(socket: Socket, owner: ResponseOwner) {
    this.#socket = socket
    this.#owner = owner
  }

  get writableFinished(): boolean {
    return this.#ended
  }

  get writableNeedDrain(): boolean {
    return this.#socket.writableNeedDrain
  }

  get closed(): boolean {
    return this.#ended || this.#gone
  }

  get destroyed(): boolean {
    return this.#gone
  }

  writeHead(status: number, headers: string[] | Record<string, string | number>): void {
    if (this.headersSent) throw new Error('the head of this answer has been written')
    const list = Array.isArray(headers) ? headers : Object.entries(headers).flat().map(String)
    const { idleSeconds } = this.#owner
    const keepAlive = this.keepsAlive && this.#owner.keepAlive
    const { text, chunked } = answerHead({ status, keepAlive, idleSeconds }, list)
    this.status = status
    this.headersSent = true
    this.keepsAlive = keepAlive
    this.#chunked = chunked
    this.#head = text
  }

  flushHeaders(): void {
    if (this.#head !== undefined) this.#send(this.#takeHead())
  }

  write(part: Uint8Array, done?: () => void): boolean {
    const socket = this.#socket
    // An empty chunk would be the last one.
    if (this.#ended || this.#gone || part.length === 0) return !socket.writableNeedDrain
    const before = this.#chunked ? `${this.#takeHead()}${part.length.toString(16)}\r\n` : this.#takeHead()
    const after = this.#chunked ? '\r\n' : ''
    this.bytes += before.length + part.length + after.length
    if (wroteInOnePiece(socket, before, part, after, done)) return !socket.writableNeedDrain
    socket.cork()
    if (before !== '') socket.write(before, 'latin1')
    socket.write(part, done)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
    return !socket.writableNeedDrain
  }

  writeInPlace(room: Buffer, start: number, end: number): boolean {
    const socket = this.#socket
    if (start === end || this.#ended || this.#gone) return true
    if (this.#head !== undefined || !this.#chunked) {
      this.write(Buffer.from(room.subarray(start, end)))
      return true
    }
    let first = start - LINE_END.length
    room.set(LINE_END, first)
    for (let size = end - start; size > 0; size >>>= 4) room[--first] = DIGITS[size & 15] as number
    room.set(LINE_END, end)
    const chunk = room.subarray(first, end + LINE_END.length)
    this.bytes += chunk.length
    socket.write(chunk)
    return socket.writableLength === 0
  }

  end(body: Uint8Array = NOTHING): void {
    if (this.#ended || this.#gone) return
    this.write(body)
    if (this.#chunked) this.#send(`${this.#takeHead()}0\r\n\r\n`)
    else this.flushHeaders()
    this.#ended = true
    this.#onDrain = undefined
    this.#close()
  }

  /** What is written in one piece is copied there. */
  endWithLent(body: Uint8Array): void {
    this.end(body.length <= MOST_IN_ONE_PIECE ? body : Buffer.from(body))
  }

  destroy(): void {
    // What has been handed over whole is not taken back.
    if (this.#ended) return
    this.#socket.destroy()
    this.connectionClosed()
  }

  once(event: 'close' | 'drain', listener: () => void): void {
    if (event === 'close') this.#onClose = both(this.#onClose, listener)
    else this.#onDrain = listener
  }

  /** The client takes more. */
  drained(): void {
    const listener = this.#onDrain
    this.#onDrain = undefined
    listener?.()
  }

  connectionClosed(): void {
    if (this.#gone) return
    this.#gone = true
    this.#onDrain = undefined
    this.#close()
  }

  /** Characters are bytes. */
  #send(text: string): void {
    this.bytes += text.length
    this.#socket.write(text, 'latin1')
  }

  #takeHead(): string {
    const head = this.#head ?? ''
    this.#head = undefined
    return head
  }

  #close(): void {
    const listener = this.#onClose
    this.#onClose = undefined
    listener?.()
  }
}

const both = (first: (() => void) | undefined, second: () => void): (() => void) =>
  first === undefined
    ? second
    : () => {
        first()
        second()
      }
