import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A registry that misbehaves on command: for the faults that a real one cannot be made to have. */
export interface ScriptedRegistry {
  readonly host: string
  readonly requests: readonly {
    readonly method: string
    readonly url: string
    readonly authorization: string | undefined
  }[]
  /** Counts requests whose URL begins so. */
  count(prefix: string): number
  stop(): Promise<void>
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  /** The request's body as text. */
  readonly form: string
  reply(status: number, headers?: Record<string, string>, body?: Uint8Array | string): void
}

/** Answers one exchange and returns true, or leaves it to the well-behaved default. */
export type Script = (exchange: Exchange) => boolean

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json'
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'

export const config = Buffer.from(
  JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Labels: { a: 'b' } } }),
)
export const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      digest: sha256(config),
      size: config.length,
    },
    layers: [],
  }),
)

/** Serves `team/model:1` over plain http on loopback, except where the script says otherwise. */
export async function startScriptedRegistry(script: Script = () => false): Promise<ScriptedRegistry> {
  const requests: { method: string; url: string; authorization: string | undefined }[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '/' } = request
    requests.push({ method, url, authorization: request.headers.authorization })
    let form = ''
    for await (const chunk of request) form += String(chunk)
    const reply: Exchange['reply'] = (status, headers = {}, body = '') => {
      response.writeHead(status, headers)
      response.end(body)
    }
    if (script({ request, response, url: new URL(url, 'http://scripted'), form, reply })) return
    if (url === '/v2/') return reply(200)
    if (url === '/v2/team/model/manifests/1' || url === `/v2/team/model/manifests/${sha256(manifest)}`) {
      return reply(200, { 'content-type': MANIFEST_TYPE, 'docker-content-digest': sha256(manifest) }, manifest)
    }
    if (url === `/v2/team/model/blobs/${sha256(config)}`) return reply(200, {}, config)
    reply(404, {}, JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    count: (prefix) => requests.filter(({ url }) => url.startsWith(prefix)).length,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
