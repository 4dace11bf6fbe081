import type { Exchange } from './exchange.ts'

/** What `/_slipway/health` tells. */
export interface Health {
  readonly ready: boolean
  readonly version: string
  readonly workers: number
  readonly runtime: string
  /** Whether the container engine answers; undefined when there is to be none. */
  readonly engine?: 'ok' | 'away' | undefined
}

/** Answers the server's own routes, which need no signature. False when the request is for none of them. */
export function answerOwnRoute(exchange: Exchange, health: () => Health): boolean {
  if (!exchange.path.startsWith('/_slipway/')) return false
  const { response, method, path } = exchange
  if (path !== '/_slipway/health') json(exchange, 404, { error: `there is no ${path}` })
  else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    json(exchange, 405, { error: `${path} takes GET` })
  } else {
    const { ready, ...rest } = health()
    json(exchange, ready ? 200 : 503, { status: ready ? 'ok' : 'not ready', ...rest })
  }
  return true
}

function json(exchange: Exchange, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  exchange.response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  })
  exchange.response.end(exchange.method === 'HEAD' ? undefined : text)
}
