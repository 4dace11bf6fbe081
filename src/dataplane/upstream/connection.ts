import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { MalformedResponseError, type ResponseHead, ResponseParser } from './response-parser.ts'

/** A request body: what has been collected already, or a stream with its length when that is known. */
export type RequestBody =
  | { readonly kind: 'collected'; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly chunked: boolean }

/** What happened to the request when the exchange broke. */
export type BreakReason =
  /** Nothing of it can have been seen by the container: it may go elsewhere. */
  | 'not-sent'
  /** The connection broke, or the answer was no HTTP. */
  | 'broken'

/** Receives one response. After `onEnd` or `onBreak` nothing more is called. */
export interface ResponseReceiver {
  onHead(head: ResponseHead): void
  /** The bytes are only valid during the call. Returning false pauses the container until `resume`. */
  onBody(bytes: Buffer): boolean
  onEnd(): void
  onBreak(reason: BreakReason, error: Error): void
}

const READ_BUFFER_BYTES = 64 * 1024

/**
 * One keep-alive connection to a container. Reads into one buffer that is used again for every read, and writes the
 * head and a small body together: both show in the cost of a request.
 */
export class Connection {
  readonly #socket: Socket
  readonly #parser: ResponseParser
  readonly #onIdle: (connection: Connection) => void
  readonly #onClose: (connection: Connection) => void
  #receiver: ResponseReceiver | undefined
  #connected = false
  #written = false
  #ended = false
  /** `performance.now()` of the moment the connection became idle. */
  idleSince = 0

  constructor(
    host: string,
    port: number,
    connectMilliseconds: number,
    onIdle: (connection: Connection) => void,
    onClose: (connection: Connection) => void,
  ) {
    this.#onIdle = onIdle
    this.#onClose = onClose
    this.#parser = new ResponseParser({
      onHead: (head) => this.#receiver?.onHead(head),
      onBody: (bytes) => {
        if (this.#receiver?.onBody(bytes) === false) this.#socket.pause()
      },
      onEnd: (reusable) => this.#finish(reusable),
    })
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
        callback: (size, buffer) => this.#read(size, buffer as Buffer),
      },
    })
    const timer = setTimeout(
      () => this.#socket.destroy(new Error('the container did not accept the connection')),
      connectMilliseconds,
    )
    this.#socket.once('connect', () => {
      clearTimeout(timer)
      this.#connected = true
    })
    this.#socket.on('end', () => this.#close())
    this.#socket.on('error', (error) => this.#break(error))
    this.#socket.on('close', () => {
      clearTimeout(timer)
      this.#break(new Error('the container closed the connection'))
      this.#onClose(this)
    })
  }

  /** False once the container has closed its side or the connection has failed. */
  get usable(): boolean {
    return !this.#ended && !this.#socket.destroyed
  }

  /** Sends one request. The connection must be idle (or new) and usable. */
  send(head: string, body: RequestBody, receiver: ResponseReceiver): void {
    this.#receiver = receiver
    this.#written = false
    this.#parser.reset()
    if (body.kind === 'collected') this.#writeCollected(head, body.chunks)
    else this.#writeStream(head, body.stream, body.chunked)
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends the exchange and the connection; the receiver hears nothing more. */
  abort(): void {
    this.#receiver = undefined
    this.#socket.destroy()
  }

  #writeCollected(head: string, chunks: readonly Uint8Array[]): void {
    const socket = this.#socket
    if (chunks.length === 0) {
      socket.write(head, 'latin1')
    } else {
      socket.cork()
      socket.write(head, 'latin1')
      for (const chunk of chunks) socket.write(chunk)
      socket.uncork()
    }
    this.#written = this.#connected
    if (!this.#connected)
      socket.once('connect', () => {
        this.#written = true
      })
  }

  #writeStream(head: string, stream: Readable, chunked: boolean): void {
    const socket = this.#socket
    socket.write(head, 'latin1')
    this.#written = true
    const onDrain = () => stream.resume()
    const stop = () => {
      socket.off('drain', onDrain)
      stream.off('data', onData)
      stream.off('end', onEnd)
      stream.off('error', onError)
      socket.off('close', stop)
    }
    const onData = (chunk: Buffer) => {
      if (chunked) {
        socket.cork()
        socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
        socket.write(chunk)
        socket.write('\r\n', 'latin1')
        process.nextTick(() => socket.uncork())
      } else socket.write(chunk)
      if (socket.writableNeedDrain) stream.pause()
    }
    const onEnd = () => {
      if (chunked) socket.write('0\r\n\r\n', 'latin1')
      stop()
    }
    const onError = (error: Error) => {
      stop()
      this.#break(error)
    }
    socket.on('drain', onDrain)
    socket.once('close', stop)
    stream.on('data', onData)
    stream.once('end', onEnd)
    stream.once('error', onError)
  }

  #read(size: number, buffer: Buffer): boolean {
    if (this.#receiver === undefined) {
      // Bytes that nobody asked for: the next response could not be told from them.
      this.#socket.destroy()
      return false
    }
    try {
      this.#parser.feed(buffer.subarray(0, size))
    } catch (error) {
      this.#break(error instanceof Error ? error : new MalformedResponseError(String(error)))
    }
    return true
  }

  #close(): void {
    this.#ended = true
    if (this.#receiver === undefined || !this.#parser.close())
      this.#break(new Error('the container closed the connection'))
  }

  #finish(reusable: boolean): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    if (reusable && this.usable) {
      this.#socket.resume()
      this.idleSince = performance.now()
      this.#onIdle(this)
    } else this.#socket.destroy()
    receiver?.onEnd()
  }

  #break(error: Error): void {
    this.#ended = true
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#socket.destroy()
    receiver?.onBreak(this.#written ? 'broken' : 'not-sent', error)
  }
}
