import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { type BodyPace, timeForBody } from './body-pace.ts'
import { afterReading, clientNow } from './client-time.ts'
import type { CollectedBody } from './collected-body.ts'

/** A body is larger than the operation takes. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
  readonly limit: number
  constructor(limit: number) {
    super(`the body is larger than ${limit} bytes`)
    this.limit = limit
  }
}

/** The client is still there, but what it sends of a body that is held in memory comes too slowly, or not at all. */
export class BodyTooSlowError extends Error {
  override readonly name = 'BodyTooSlowError'
  constructor() {
    super('the body did not come in time')
  }
}

/** The client went away, or sent nothing for too long, before its body was whole. */
export class BodyAbortedError extends Error {
  override readonly name = 'BodyAbortedError'
}

/** A client that sends nothing of its body for this long has gone. */
export const SILENCE_MILLISECONDS = 60_000

/**
 * Collects a body, part by part as it comes. Rejects with BodyTooLargeError as soon as more than `limit` bytes are announced
 * or have come, and with BodyTooSlowError when they come more slowly than `pace` says.
 */
export async function collectBody(
  request: IncomingMessage,
  limit: number,
  body: CollectedBody,
  pace: BodyPace,
): Promise<void> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit) throw new BodyTooLargeError(limit)
  // A small body comes with its head and is read along with it, but only after the server has told of the head.
  await undefined
  if (!request.complete) return collectStream(request, limit, body, pace)
  const whole = request.read() as Buffer | null
  if (whole === null) {
    request.resume()
    return
  }
  if (whole.length > limit) throw new BodyTooLargeError(limit)
  body.add(whole)
}

/** The same for a stream of a body. It is left as it is when it is refused: a request that is destroyed cannot be answered. */
export function collectStream(stream: Readable, limit: number, body: CollectedBody, pace: BodyPace): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) return reject(new BodyAbortedError('the client went away'))
    const since = clientNow()
    let heardAt = since
    const timeLeft = () => {
      const now = clientNow()
      return Math.min(timeForBody(body.size, pace) - (now - since), SILENCE_MILLISECONDS - (now - heardAt))
    }
    const judge = () => {
      const left = timeLeft()
      if (left <= 0) fail(new BodyTooSlowError())
      else timer = setTimeout(look, left)
    }
    let callOff = () => {}
    const look = () => {
      callOff = afterReading(judge)
    }
    let timer = setTimeout(look, timeLeft())
    const stop = () => {
      clearTimeout(timer)
      callOff()
      stream.off('data', onData)
      stream.off('end', onEnd)
      stream.off('error', onError)
      stream.off('close', onClose)
    }
    const fail = (error: Error) => {
      stop()
      stream.pause()
      reject(error)
    }
    const onData = (part: Buffer) => {
      if (body.size + part.length > limit) return fail(new BodyTooLargeError(limit))
      heardAt = clientNow()
      body.add(part)
    }
    const onEnd = () => {
      stop()
      resolve()
    }
    const onClose = () => fail(new BodyAbortedError('the client went away'))
    const onError = (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? onClose() : fail(error))
    stream.on('data', onData)
    stream.on('end', onEnd)
    stream.on('error', onError)
    stream.on('close', onClose)
  })
}

/** How often it is looked at in a time of silence whether something has come. */
const LOOKS_PER_SILENCE = 12

/**
 * The body as a stream that breaks with BodyAbortedError when the client falls silent for `silence` milliseconds, or up to a twelfth more.
 *
 * Not by the timeout of the socket: node:http destroys a socket as soon as that is over, before anybody can read what has come
 * meanwhile, and it runs on while the process is held up.
 */
export function watchSilence(request: IncomingMessage, silence = SILENCE_MILLISECONDS): IncomingMessage {
  if (request.complete || request.destroyed) return request
  const { socket } = request
  // Who is being answered already has not gone either.
  const passed = () => socket.bytesRead + socket.bytesWritten
  let seen = passed()
  let heardAt = clientNow()
  let callOff = () => {}
  const judge = () => {
    const now = clientNow()
    const bytes = passed()
    if (request.complete) return stop()
    if (bytes !== seen) {
      seen = bytes
      heardAt = now
    } else if (now - heardAt >= silence) {
      stop()
      request.destroy(new BodyAbortedError('the client sent nothing for too long'))
    }
  }
  const timer = setInterval(() => {
    callOff()
    callOff = afterReading(judge)
  }, silence / LOOKS_PER_SILENCE)
  const stop = () => {
    clearInterval(timer)
    callOff()
    request.off('end', stop)
    request.off('close', stop)
  }
  request.once('end', stop)
  request.once('close', stop)
  return request
}

/** What is read of a body that nobody wants, so that the client gets to read its answer. */
const LINGER_MILLISECONDS = 30_000
const LINGER_SILENCE_MILLISECONDS = 5_000

/**
 * Reads the rest of a body and throws it away, for a while: a connection that is closed with bytes unread is reset,
 * and the answer lost with it. Calls `then` once the body has ended or its time is over.
 */
export function discardBody(request: IncomingMessage, then: () => void): void {
  if (request.complete || request.destroyed) return then()
  const silence = setTimeout(() => stop(), LINGER_SILENCE_MILLISECONDS)
  const limit = setTimeout(() => stop(), LINGER_MILLISECONDS)
  const onData = () => silence.refresh()
  const stop = () => {
    clearTimeout(silence)
    clearTimeout(limit)
    request.off('data', onData)
    request.off('close', stop)
    request.off('end', stop)
    then()
  }
  request.on('data', onData)
  request.once('end', stop)
  request.once('close', stop)
  request.resume()
}
