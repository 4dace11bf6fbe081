import { hash, timingSafeEqual } from 'node:crypto'
import { pathStyle } from '../services/s3/addressing.ts'
import type { Exchange } from './exchange.ts'
import { respond } from './respond.ts'

/** What Prometheus is told, and who may ask. */
export interface MetricsPage {
  /** In Prometheus's text format. */
  text(): Promise<string>
  /** What callers from elsewhere must bring; undefined: there are none. */
  readonly token: string | undefined
}

/** Whether a request is for the metrics: what is signed is for a service, and a bucket may stand in the host. */
export function isMetricsRequest(
  { path, request }: Exchange,
  signed: string | undefined,
  s3Domains: readonly string[],
): boolean {
  return (
    path === '/metrics' && signed === undefined && pathStyle(request.headers.host ?? '', path, s3Domains) === undefined
  )
}

/** `GET /metrics`: open to this machine, to others with the configured token. */
export async function serveMetrics(page: MetricsPage, exchange: Exchange): Promise<void> {
  const { method, request } = exchange
  if (method !== 'GET' && method !== 'HEAD')
    return respond(exchange, plain(405, '/metrics takes GET\n', { Allow: 'GET, HEAD' }))
  if (!isLocal(exchange) && !bringsToken(request.headers.authorization, page.token)) {
    const text =
      page.token === undefined
        ? '/metrics is open to this machine only; metrics.tokenFile opens it to others\n'
        : '/metrics wants its token: Authorization: Bearer …\n'
    return respond(exchange, plain(401, text, { 'WWW-Authenticate': 'Bearer realm="metrics"' }))
  }
  const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' }
  await respond(exchange, { status: 200, headers, body: await page.text() })
}

const plain = (status: number, body: string, headers: Record<string, string>) => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
  body,
})

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
/** What a proxy on this machine adds to the requests of others. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

const isLocal = ({ request }: Exchange): boolean =>
  LOOPBACK.test(request.socket.remoteAddress ?? '') && PROXIED.every((name) => request.headers[name] === undefined)

function bringsToken(authorization: string | undefined, token: string | undefined): boolean {
  const brought = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (brought === undefined || token === undefined) return false
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(brought), digest(token))
}
