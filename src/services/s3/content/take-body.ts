import { Readable } from 'node:stream'

/** Bodies up to the limit are whole; the bytes of larger ones are still to be read. */
export type TakenBody = { readonly bytes: Uint8Array } | { readonly source: AsyncIterable<Uint8Array> }

/**
 * Reads a body until it is known whether it is larger than `limit` bytes.
 *
 * A signal breaks a stream, and whoever reads it, with its reason. A stream that was not read to its end is left as it
 * is otherwise: the body of a request must not be destroyed before the request is answered.
 */
export async function takeBody(
  body: Readable | Uint8Array | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<TakenBody> {
  signal?.throwIfAborted()
  if (body === undefined) return { bytes: new Uint8Array() }
  if (body instanceof Uint8Array) return body.length <= limit ? { bytes: body } : { source: Readable.from([body]) }
  breakOnAbort(body, signal)
  const rest: AsyncIterator<unknown> = body.iterator({ destroyOnReturn: false })
  const taken: Uint8Array[] = []
  let size = 0
  for (;;) {
    const next = await rest.next()
    if (next.done) return { bytes: taken.length === 1 ? (taken[0] as Uint8Array) : Buffer.concat(taken) }
    if (!(next.value instanceof Uint8Array)) throw new TypeError('A body consists of bytes')
    taken.push(next.value)
    size += next.value.length
    if (size > limit) return { source: continued(taken, rest as AsyncIterator<Uint8Array>) }
  }
}

async function* continued(taken: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* taken.splice(0)
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function breakOnAbort(body: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  const stop = () => body.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  body.once('close', () => signal.removeEventListener('abort', stop))
}
