import type { Readable, Transform } from 'node:stream'
import type { ProtocolName } from '../model/service-description.ts'
import { AwsChunkedDecoder, readChunkedHeaders } from '../wire/aws-chunked.ts'
import { signatureError } from '../wire/sigv4/fault-error.ts'
import { type ChunkSeed, chunkSeed, verifySignature } from '../wire/sigv4/verify.ts'
import type { Caller, Claim } from './authenticate.ts'
import { hashChecker } from './body-hash.ts'
import type { BodyPace } from './body-pace.ts'
import { CollectedBody } from './collected-body.ts'
import type { Exchange } from './exchange.ts'
import { BodyAbortedError, BodyTooLargeError, collectBody, collectStream, watchSilence } from './read-body.ts'

/**
 * The body as a stream, without its framing. The signature of the head is verified now; what it says of the body is
 * verified as the body passes, and a body that is not what was signed ends in an error instead of an end.
 */
export function verifiedStream(exchange: Exchange, caller: Caller, family: ProtocolName): Readable {
  const { claim } = caller
  const payload = claim?.signature.payload
  if (claim !== undefined) verify(claim, undefined, family)
  const body = watchSilence(exchange.request)
  if (payload?.mode === 'declared') {
    const declared = payload.text
    return joined(
      body,
      hashChecker(declared, (computed) => signatureError({ fault: 'content-mismatch', declared, computed }, family)),
    )
  }
  const framing = readChunkedHeaders(exchange.request.headers)
  if (framing === undefined) return body
  return joined(body, new AwsChunkedDecoder(framing, claim === undefined ? undefined : seedOf(claim)))
}

/** What the chunks' signatures are chained from; undefined when the chunks are not signed. */
function seedOf({ signature, secretAccessKey }: Claim): ChunkSeed | undefined {
  if (signature.form === 'legacy-query' || signature.payload.mode !== 'chunked' || !signature.payload.signed)
    return undefined
  return chunkSeed(signature, secretAccessKey)
}

/** The whole of a small body, verified. Rejects with BodyTooLargeError above `limit` bytes. */
export async function collectVerified(
  exchange: Exchange,
  caller: Caller,
  family: ProtocolName,
  limit: number,
  pace: BodyPace,
): Promise<Uint8Array> {
  const { claim } = caller
  const framed = claim === undefined ? isFramed(exchange, family) : claim.signature.payload.mode !== 'body'
  const body = new CollectedBody(0)
  if (framed) {
    if (Number(exchange.request.headers['content-length'] ?? 0) > limit) throw new BodyTooLargeError(limit)
    await collectStream(verifiedStream(exchange, caller, family), limit, body, pace)
  } else {
    await collectBody(exchange.request, limit, body, pace)
    if (claim !== undefined) verify(claim, body.hash(), family)
  }
  const { parts } = body
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}

/** Whether a caller who is not asked for a signature sends an aws-chunked body, which only S3 takes. */
const isFramed = ({ request }: Exchange, family: ProtocolName): boolean =>
  family === 'rest-xml' && request.headers['x-amz-decoded-content-length'] !== undefined

function verify(claim: Claim, bodyHash: string | undefined, family: ProtocolName): void {
  const fault = verifySignature(claim.signature, claim.request, claim.secretAccessKey, bodyHash)
  if (fault !== undefined) throw signatureError(fault, family)
}

function joined<T extends Transform>(body: Readable, transform: T): T {
  // Who refuses the request does not read its body, and must not be stopped by what is wrong with it.
  transform.on('error', () => {})
  body.on('error', (error) => transform.destroy(error))
  body.on('close', () => {
    if (!body.readableEnded) transform.destroy(new BodyAbortedError('the client went away'))
  })
  return body.pipe(transform)
}
