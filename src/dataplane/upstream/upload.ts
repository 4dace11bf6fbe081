import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { freeGiven, isGiven } from '../../shared/free-buffer.ts'

/** What a streamed request body tells while it is sent. */
export interface UploadEvents {
  /** Another part has been taken. */
  onProgress(): void
  /** The whole body has been handed to the connection. */
  onEnd(): void
  /** The client's side failed before its body was whole. */
  onError(error: Error): void
}

/**
 * Sends a stream as the body of a request, no faster than the container takes it. Returns what stops it: the rest of
 * the stream is then read and thrown away, so that its connection stays usable.
 */
export function startUpload(stream: Readable, socket: Socket, chunked: boolean, events: UploadEvents): () => void {
  const onDrain = () => stream.resume()
  const onData = (chunk: Buffer) => {
    socket.cork()
    if (chunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    if (isGiven(chunk)) socket.write(chunk, (error) => !error && freeGiven(chunk))
    else socket.write(chunk)
    if (chunked) socket.write('\r\n', 'latin1')
    socket.uncork()
    events.onProgress()
    if (socket.writableNeedDrain) stream.pause()
  }
  const detach = () => {
    socket.off('drain', onDrain)
    stream.off('data', onData)
    stream.off('end', onEnd)
    stream.off('close', onClose)
  }
  const onEnd = () => {
    detach()
    if (chunked) socket.write('0\r\n\r\n', 'latin1')
    events.onEnd()
  }
  const onClose = () => {
    detach()
    events.onError(stream.errored ?? new Error('the client went away'))
  }
  socket.on('drain', onDrain)
  stream.on('data', onData)
  stream.once('end', onEnd)
  stream.once('close', onClose)
  // Whoever owns the stream hears of its errors as well; here they come with the close that follows.
  stream.on('error', ignore)
  return () => {
    detach()
    stream.resume()
  }
}

const ignore = () => {}
