import { connect, Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { wroteInOnePiece } from '../../shared/one-piece.ts'
import { isOnOwnNetwork } from '../../shared/own-networks.ts'
import { MalformedResponseError, type ResponseHead } from './response-head.ts'
import { ResponseParser } from './response-parser.ts'
import { startUpload } from './upload.ts'

/** A request body: what has been collected already, or a stream with its length when that is known. */
export type RequestBody =
  | {
      readonly kind: 'collected'
      readonly chunks: readonly Uint8Array[]
      /** The answer is whole, and nothing of the body is on its way any more. Not called of an exchange that breaks. */
      readonly onSent?: () => void
    }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly chunked: boolean }

/** What happened to the request when the exchange broke. */
export type BreakReason =
  /** Nothing of it can have been seen by the container, and nothing of a stream has been read: it may go elsewhere. */
  | 'not-sent'
  /** The connection broke, or the answer was no HTTP. */
  | 'broken'
  /** The receiver threw. */
  | 'internal'

/** Receives one response. After `onEnd` or `onBreak` nothing more is called. */
export interface ResponseReceiver {
  /** Whether each chunk is told by itself; else those that come in one read are told as one. Default false. */
  readonly separateParts?: boolean
  /** Part of a streamed request body has been taken. */
  onProgress(): void
  onHead(head: ResponseHead): void
  /** The bytes are only valid during the call. Returning false pauses the container until `resume`. */
  onBody(bytes: Buffer): boolean
  /** All that came in one read has been told, and the response goes on. Returning false pauses the container. */
  onTold?(): boolean
  onEnd(): void
  onBreak(reason: BreakReason, error: Error): void
}

/** Whom a connection tells about itself. */
export interface ConnectionOwner {
  /** It may carry another request. */
  onIdle(connection: Connection): void
  onClose(connection: Connection): void
}

// All connections read into one buffer: what arrives is dealt with, or copied, before the next read of any of them.
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

const NOTHING = new Uint8Array()

/** One keep-alive connection to a container. Writes the head and a collected body together: it shows in the cost of a request. */
export class Connection {
  readonly #socket: Socket
  readonly #parser: ResponseParser
  readonly #owner: ConnectionOwner
  #receiver: ResponseReceiver | undefined
  /** A request that waits for the connection to be made. */
  #waiting: { readonly head: string; readonly body: RequestBody } | undefined
  #connected = false
  #ended = false
  #sent = false
  #stopUpload: (() => void) | undefined
  #onSent: (() => void) | undefined
  /** `performance.now()` of the moment the connection became idle. */
  idleSince = 0
  /** How long the container keeps it idle, as far as it has said; in milliseconds. */
  idleLimit = Number.POSITIVE_INFINITY

  constructor(host: string, port: number, connectMilliseconds: number, owner: ConnectionOwner) {
    this.#owner = owner
    this.#parser = new ResponseParser({
      onHead: (head) => this.#receiver?.onHead(head),
      onBody: (bytes) => {
        if (this.#receiver?.onBody(bytes) === false) this.#socket.pause()
      },
      onEnd: () => this.#finish(),
    })
    const onread = { buffer: READ_BUFFER, callback: (size: number) => this.#read(size) }
    this.#socket = isOnOwnNetwork(host) ? connect({ host, port, noDelay: true, onread }) : refused()
    const giveUp = () => {
      if (!this.#connected) this.#socket.destroy(new Error('the container did not accept the connection'))
    }
    // Time in which this worker was busy is not the container's: what has come meanwhile is heard first.
    const timer = setTimeout(() => setImmediate(giveUp), connectMilliseconds)
    this.#socket.once('connect', () => {
      clearTimeout(timer)
      this.#connected = true
      if (this.#waiting !== undefined) this.#write(this.#waiting.head, this.#waiting.body)
      this.#waiting = undefined
    })
    this.#socket.on('end', () => this.#close())
    this.#socket.on('error', (error) => this.#break(error))
    this.#socket.on('close', () => {
      clearTimeout(timer)
      this.#break(new Error('the container closed the connection'))
      owner.onClose(this)
    })
  }

  /** False once the container has closed its side or the connection has failed. */
  get usable(): boolean {
    return !this.#ended && !this.#socket.destroyed
  }

  /** Sends one request. The connection must be idle (or new) and usable. */
  send(head: string, body: RequestBody, receiver: ResponseReceiver): void {
    this.#receiver = receiver
    this.#parser.reset(receiver.separateParts)
    if (this.#connected) this.#write(head, body)
    else this.#waiting = { head, body }
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends the exchange and the connection; the receiver hears nothing more. */
  abort(): void {
    this.#receiver = undefined
    this.#waiting = undefined
    this.#leaveUpload()
    this.#socket.destroy()
  }

  #write(head: string, body: RequestBody): void {
    const socket = this.#socket
    if (body.kind === 'collected') {
      this.#sent = true
      this.#onSent = body.onSent
      if (body.chunks.length < 2 && wroteInOnePiece(socket, head, body.chunks[0] ?? NOTHING)) return
      socket.cork()
      socket.write(head, 'latin1')
      for (const chunk of body.chunks) socket.write(chunk)
      socket.uncork()
      return
    }
    this.#sent = false
    socket.write(head, 'latin1')
    this.#stopUpload = startUpload(body.stream, socket, body.chunked, {
      onProgress: () => this.#receiver?.onProgress(),
      onEnd: () => {
        this.#sent = true
        this.#stopUpload = undefined
      },
      onError: (error) => this.#break(error),
    })
  }

  #read(size: number): boolean {
    if (this.#receiver === undefined) {
      // Bytes that nobody asked for: the next response could not be told from them.
      this.#socket.destroy()
      return false
    }
    try {
      this.#parser.feed(READ_BUFFER.subarray(0, size))
      if (this.#receiver?.onTold?.() === false) this.#socket.pause()
    } catch (error) {
      this.#break(error as Error, error instanceof MalformedResponseError ? 'broken' : 'internal')
    }
    return true
  }

  #close(): void {
    this.#ended = true
    if (this.#receiver === undefined || !this.#parser.close())
      this.#break(new Error('the container closed the connection'))
  }

  #finish(): void {
    const receiver = this.#receiver
    const head = this.#parser.head
    this.#receiver = undefined
    // An answer that came before the request was all sent leaves the rest of it in the way of another request.
    const allSent = this.#sent && this.#socket.writableLength === 0
    if (allSent) this.#onSent?.()
    this.#leaveUpload()
    if (head?.keepAlive && head.framing !== 'until-close' && allSent && this.usable) {
      this.#socket.resume()
      this.idleSince = performance.now()
      this.idleLimit = head.keepAliveMilliseconds ?? this.idleLimit
      this.#owner.onIdle(this)
    } else this.#socket.destroy()
    receiver?.onEnd()
  }

  #break(error: Error, reason: BreakReason = 'broken'): void {
    const receiver = this.#receiver
    const unseen = this.#waiting !== undefined
    this.#ended = true
    this.#waiting = undefined
    this.#receiver = undefined
    this.#leaveUpload()
    this.#socket.destroy()
    receiver?.onBreak(unseen ? 'not-sent' : reason, error)
  }

  #leaveUpload(): void {
    this.#stopUpload?.()
    this.#stopUpload = undefined
    this.#onSent = undefined
  }
}

/** The connection to a container whose network has gone with it. */
const refused = (): Socket => new Socket().destroy(new Error("the container's network is gone"))
