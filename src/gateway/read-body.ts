import type { IncomingMessage } from 'node:http'

/** A body is larger than the operation takes. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
  readonly limit: number
  constructor(limit: number) {
    super(`the body is larger than ${limit} bytes`)
    this.limit = limit
  }
}

/** The client went away, or sent nothing for too long, before its body was whole. */
export class BodyAbortedError extends Error {
  override readonly name = 'BodyAbortedError'
}

/** A client that sends nothing of its body for this long has gone. */
const SILENCE_MILLISECONDS = 60_000

/**
 * Collects a body as the list of its parts, which is never joined. Rejects with BodyTooLargeError as soon as more than
 * `limit` bytes are announced or have come.
 */
export function collectBody(request: IncomingMessage, limit: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > limit) return reject(new BodyTooLargeError(limit))
    if (request.headers['transfer-encoding'] === undefined && announced === 0) {
      request.resume()
      return resolve([])
    }
    const parts: Buffer[] = []
    let size = 0
    const silence = setTimeout(
      () => fail(new BodyAbortedError('the client sent nothing for too long')),
      SILENCE_MILLISECONDS,
    )
    const stop = () => {
      clearTimeout(silence)
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
    }
    const fail = (error: Error) => {
      stop()
      request.pause()
      reject(error)
    }
    const onData = (part: Buffer) => {
      size += part.length
      if (size > limit) return fail(new BodyTooLargeError(limit))
      silence.refresh()
      parts.push(part)
    }
    const onEnd = () => {
      stop()
      resolve(parts)
    }
    const onClose = () => fail(new BodyAbortedError('the client went away'))
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
  })
}
