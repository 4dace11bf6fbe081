import { freshBytes } from '../../../shared/fresh-bytes.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import { openChunk, SEALED_CHUNK_BYTES, sealChunks } from '../../../storage/blobs/sealed-chunks.ts'
import type { AsyncBodyRow } from '../../../storage/schema/async-inference.ts'

/** The largest body that comes with a request, in bytes. Source: InvokeEndpointAsync (API reference). */
export const MOST_BODY_BYTES = 128_000

const contextOf = (requestId: string): string => `async-inference/body/${requestId}`

/** A body as it is kept: encrypted, as all that customers send. */
export function sealBody(box: SealedBox, requestId: string, parts: readonly Uint8Array[]): AsyncBodyRow {
  const key = freshBytes(32)
  return {
    request_id: requestId,
    content: Buffer.concat(sealChunks(key, 0, Buffer.concat(parts))),
    sealed_key: box.seal(key.toString('base64'), contextOf(requestId)),
  }
}

/** The body again; undefined when it is not what was written. */
export function openBody(box: SealedBox, { request_id, content, sealed_key }: AsyncBodyRow): Buffer | undefined {
  const key = box.unseal(sealed_key, contextOf(request_id))
  if (key === undefined) return undefined
  const parts: Buffer[] = []
  for (let at = 0, chunk = 0; at < content.length; at += SEALED_CHUNK_BYTES, chunk++) {
    const plain = openChunk(Buffer.from(key, 'base64'), chunk, content.subarray(at, at + SEALED_CHUNK_BYTES))
    if (plain === undefined) return undefined
    parts.push(plain)
  }
  return Buffer.concat(parts)
}
