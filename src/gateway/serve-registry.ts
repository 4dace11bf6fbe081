import { ecrHost } from '../services/ecr/repository-name.ts'
import { pathStyle } from '../services/s3/addressing.ts'
import { CollectedBody } from './collected-body.ts'
import { baseUrl, clientGone, type Exchange, requestOrigin } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { collectStream, watchSilence } from './read-body.ts'
import { respond } from './respond.ts'

/**
 * Whether a request is for the image registry. Its clients never sign, so what is signed is for another service; and no
 * bucket is called `v2`, but one may stand in the host.
 */
export function isRegistryRequest(
  { path, request }: Exchange,
  signed: string | undefined,
  s3Domains: readonly string[],
) {
  if (signed !== undefined || !(path === '/v2' || path.startsWith('/v2/'))) return false
  const host = request.headers.host ?? ''
  return ecrHost(host) !== undefined || pathStyle(host, path, s3Domains) === undefined
}

/** The road of the image registry, which speaks a protocol of its own. */
export async function serveRegistry(parts: GatewayParts, exchange: Exchange): Promise<void> {
  const { request, method, path, query, now } = exchange
  const answer = await parts.imageRegistry({
    method,
    path,
    query,
    headers: request.headers,
    body: () => watchSilence(request),
    collect: async (limit) => {
      const body = new CollectedBody(0)
      await collectStream(watchSilence(request), limit, body, parts.bodyPace)
      return Buffer.concat(body.parts)
    },
    now,
    signal: clientGone(exchange),
    baseUrl: baseUrl(exchange, parts.publicUrl),
    origin: requestOrigin(exchange, '', parts.publicUrl),
  })
  await respond(exchange, { ...answer, headers: { ...answer.headers, 'x-amzn-RequestId': exchange.requestId } })
}
