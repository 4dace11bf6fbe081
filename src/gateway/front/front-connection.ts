import type { Socket } from 'node:net'
import { requestId } from '../../shared/ids.ts'
import { accessEntry } from '../access.ts'
import { errorAnswer } from '../answer-error.ts'
import type { Caller } from '../authenticate.ts'
import { timeForBody } from '../body-pace.ts'
import { clientNow } from '../client-time.ts'
import { CollectedBody } from '../collected-body.ts'
import type { Call } from '../exchange.ts'
import type { GatewayParts } from '../gateway.ts'
import { BodyTooSlowError } from '../read-body.ts'
import { identifyInvoker, invokeCollected, mostBodyBytes } from '../serve-invocation.ts'
import { FrontResponse, type ResponseOwner } from './front-response.ts'
import { HeadReader } from './head-reader.ts'
import { type InvocationHead, MAX_HEAD_BYTES, mayBeInvocation } from './invocation-head.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
/** What a client may send ahead while it waits for an answer; then it is read no further. */
const MAX_AHEAD_BYTES = 64 * 1024
/** What is read of a body that nobody wants, so that the client gets to read its answer. */
const LINGER_MILLISECONDS = 5_000

/** What all connections of a front share. */
export interface FrontContext extends ResponseOwner {
  readonly parts: GatewayParts
  /** A clock that is set once in a while: `clientNow()` of the last look at the connections. */
  readonly coarseNow: number
  /** The connection is node:http's from now on; its first bytes are back in the socket. */
  handOver(socket: Socket): void
  /** The connection is no longer the front's. */
  forget(connection: FrontConnection): void
}

/** A request under way: the bytes it came in so far, so that somebody else can still read it from its beginning. */
interface Incoming {
  readonly head: InvocationHead
  readonly headBytes: Buffer
  readonly body: CollectedBody
  readonly call: Call
  readonly response: FrontResponse
  /** When it began, by `clientNow()`. */
  readonly since: number
  /** Undefined while it is being looked up. */
  caller: Caller | undefined
}

/**
 * One connection of the front. It reads invocations, one after the other; whatever else comes, and whatever is refused before
 * its body has come, goes to node:http with the connection.
 */
export class FrontConnection {
  readonly #context: FrontContext
  readonly #socket: Socket
  readonly #remoteAddress: string | undefined
  readonly #heads = new HeadReader()
  /** Bytes of an unfinished head, or sent ahead of an answer. */
  #held: Buffer | undefined
  #incoming: Incoming | undefined
  #answering = false
  #over = false
  #written = 0
  /** Since when the connection waits for what it waits for, on the coarse clock. */
  #since: number
  /** Whether a request has been answered on it. */
  #used = false

  constructor(context: FrontContext, socket: Socket) {
    this.#context = context
    this.#socket = socket
    // It does not change, and a socket that is closed has forgotten it.
    this.#remoteAddress = socket.remoteAddress
    this.#since = context.coarseNow
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', ignore)
    socket.on('close', this.#onClose)
    socket.on('drain', this.#onDrain)
  }

  /** What the client is waited for; `nothing` while a container is. */
  get waitsFor(): 'request' | 'next-request' | 'head' | 'body' | 'reader' | 'nothing' {
    if (this.#answering) return this.#socket.writableLength > 0 ? 'reader' : 'nothing'
    // A whole body waits only for who its sender is.
    if (this.#incoming !== undefined) return isWhole(this.#incoming) ? 'nothing' : 'body'
    if (this.#held !== undefined) return 'head'
    return this.#used ? 'next-request' : 'request'
  }

  /** How long it has waited for that, in milliseconds; counts anew when the client reads on. */
  waitedFor(now: number): number {
    const written = this.#socket.bytesWritten - this.#socket.writableLength
    if (this.#answering && (written !== this.#written || this.#socket.writableLength === 0)) {
      this.#written = written
      this.#since = now
    }
    return now - this.#since
  }

  /** Whether the body that is on its way comes more slowly than it must. */
  isTooSlow(now: number): boolean {
    const incoming = this.#incoming
    if (incoming === undefined || this.#answering || isWhole(incoming)) return false
    return now - incoming.since > timeForBody(incoming.body.size, this.#context.parts.bodyPace)
  }

  /** Ends a connection whose body does not come, with words. */
  refuseSlowBody(): void {
    const incoming = this.#incoming
    if (incoming === undefined || this.#answering) return
    this.#incoming = undefined
    this.#release(incoming)
    incoming.response.keepsAlive = false
    this.#answerError(incoming, new BodyTooSlowError())
    this.#context.parts.accessLog?.add(accessEntry(incoming.call, incoming.response.status, incoming.response.bytes))
    this.#leave()
    endUnread(this.#socket)
  }

  get socket(): Socket {
    return this.#socket
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#answering) this.#hold(chunk)
    else if (this.#incoming !== undefined) this.#takeBody(this.#incoming, chunk)
    else {
      if (this.#held === undefined) this.#since = this.#context.coarseNow
      this.#readHead(this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]), this.#held?.length ?? 0)
    }
  }

  /** The client sends no more: as with node:http, it gets no answer any more either. */
  readonly #onEnd = (): void => {
    this.#socket.destroySoon()
  }

  readonly #onClose = (): void => {
    this.#leave()
    const incoming = this.#incoming
    if (incoming === undefined) return
    this.#incoming = undefined
    if (!this.#answering) this.#release(incoming)
    incoming.response.connectionClosed()
  }

  readonly #onDrain = (): void => {
    if (this.#incoming !== undefined) this.#incoming.response.drained()
    else if (this.#answering) this.#next()
  }

  #hold(chunk: Buffer): void {
    // Nothing is no beginning of a head: the connection would be ended as one whose head does not come.
    if (chunk.length === 0) return
    this.#held = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    if (this.#held.length > MAX_AHEAD_BYTES) this.#socket.pause()
  }

  #readHead(bytes: Buffer, searched: number): void {
    this.#held = undefined
    const end = bytes.indexOf(HEAD_END, Math.max(0, searched - HEAD_END.length + 1))
    if (end < 0) {
      if (bytes.length > MAX_HEAD_BYTES || !mayBeInvocation(bytes)) this.#handOver(bytes)
      else this.#held = bytes
      return
    }
    const head = end > MAX_HEAD_BYTES ? undefined : this.#heads.read(bytes.toString('latin1', 0, end + 2))
    if (head === undefined) return this.#handOver(bytes)
    this.#begin(head, bytes, end + HEAD_END.length)
  }

  /** Whatever speaks against the request already is said by node:http's side, which begins with it anew. */
  #begin(head: InvocationHead, bytes: Buffer, headEnd: number): void {
    const { parts } = this.#context
    const { contentLength, headers } = head
    if (contentLength > mostBodyBytes(parts, head.target)) return this.#handOver(bytes)
    const response = new FrontResponse(this.#socket, this.#context)
    const call: Call = {
      request: { headers },
      response,
      requestId: requestId(),
      now: parts.clock.now(),
      arrivedAt: performance.now(),
      method: 'POST',
      target: head.path,
      path: head.path,
      query: '',
      remoteAddress: this.#remoteAddress,
    }
    let identified: Caller | Promise<Caller>
    try {
      identified = identifyInvoker(parts, call)
    } catch {
      return this.#handOver(bytes)
    }
    if (!(identified instanceof Promise) && identified.claim === undefined) return this.#handOver(bytes)
    if (!parts.bodyMemory.reserve(contentLength)) return this.#handOver(bytes)
    const caller = identified instanceof Promise ? undefined : identified
    const headBytes = bytes.subarray(0, headEnd)
    const body = new CollectedBody(contentLength)
    const incoming: Incoming = { head, headBytes, body, call, response, since: clientNow(), caller }
    this.#incoming = incoming
    if (identified instanceof Promise) {
      identified.then(
        (found) => this.#identified(incoming, found),
        () => this.#refuse(incoming),
      )
    }
    this.#takeBody(incoming, bytes.subarray(headEnd))
  }

  #identified(incoming: Incoming, caller: Caller): void {
    if (this.#incoming !== incoming) return
    if (caller.claim === undefined) return this.#refuse(incoming)
    incoming.caller = caller
    this.#answerIfWhole(incoming)
  }

  /** Nobody may invoke who says so: node:http's side says why. */
  #refuse(incoming: Incoming): void {
    if (this.#incoming !== incoming) return
    this.#incoming = undefined
    this.#release(incoming)
    const held = this.#held === undefined ? [] : [this.#held]
    this.#handOver(incoming.headBytes, ...incoming.body.parts, ...held)
  }

  #takeBody(incoming: Incoming, chunk: Buffer): void {
    const missing = incoming.head.contentLength - incoming.body.size
    this.#since = this.#context.coarseNow
    if (missing === 0) this.#hold(chunk)
    else if (chunk.length <= missing) incoming.body.add(chunk)
    else {
      incoming.body.add(chunk.subarray(0, missing))
      this.#hold(chunk.subarray(missing))
    }
    this.#answerIfWhole(incoming)
  }

  #answerIfWhole(incoming: Incoming): void {
    if (incoming.caller === undefined || !isWhole(incoming)) return
    this.#answering = true
    void this.#answer(incoming, incoming.caller)
  }

  async #answer(incoming: Incoming, caller: Caller): Promise<void> {
    const { parts } = this.#context
    const { head, headBytes, call, response, body } = incoming
    try {
      await invokeCollected(parts, call, head.target, caller, body)
    } catch (error) {
      this.#answerError(incoming, error)
    } finally {
      this.#release(incoming)
    }
    if (head.contentLength > 0) body.free(headBytes)
    this.#incoming = undefined
    this.#used = true
    parts.accessLog?.add(accessEntry(call, response.status, response.bytes))
    if (this.#over) return
    if (!response.closed) this.#socket.destroy()
    else if (!response.keepsAlive) this.#socket.destroySoon()
    // A client that does not read its answers gets no further ones.
    else if (!this.#socket.writableNeedDrain) this.#next()
  }

  #answerError({ call, response }: Incoming, error: unknown): void {
    const { parts } = this.#context
    try {
      const answer = errorAnswer(call, error, parts.services['sagemaker-runtime'], parts.log)
      if (answer === undefined) return response.destroy()
      const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body, 'utf8') : answer.body
      if (!(bytes instanceof Uint8Array)) throw new Error('an error is answered with a stream')
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': bytes.length })
      response.end(bytes)
    } catch (err) {
      parts.log.error({ err, requestId: call.requestId }, 'an error could not be answered')
      response.destroy()
    }
  }

  /** Goes on to the request that has been sent ahead, or waits for the next one. */
  #next(): void {
    this.#answering = false
    this.#since = this.#context.coarseNow
    const held = this.#held
    this.#socket.resume()
    if (held !== undefined) this.#readHead(held, 0)
  }

  #release({ head }: Incoming): void {
    this.#context.parts.bodyMemory.release(head.contentLength)
  }

  #handOver(...bytes: readonly Buffer[]): void {
    const socket = this.#socket
    this.#leave()
    socket.pause()
    for (const part of bytes.toReversed()) socket.unshift(part)
    this.#context.handOver(socket)
    socket.resume()
  }

  #leave(): void {
    this.#over = true
    this.#context.forget(this)
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onClose)
    socket.off('drain', this.#onDrain)
    socket.off('error', ignore)
  }
}

const isWhole = ({ body, head }: Incoming): boolean => body.size === head.contentLength

const ignore = (): void => {}

/** Ends a connection whose client may still be sending: closed with bytes unread it would be reset, and the answer lost with it. */
function endUnread(socket: Socket): void {
  if (socket.destroyed) return
  const limit = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS)
  socket.once('close', () => clearTimeout(limit))
  socket.on('error', ignore)
  socket.resume()
  socket.end()
}
