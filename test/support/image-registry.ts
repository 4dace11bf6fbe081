import { createHash } from 'node:crypto'
import { apiCall } from './api-call.ts'
import type { Slipway } from './slipway.ts'

/** A server's registry, with a login to it and a repository. */
export interface ImageRegistryFixture {
  /** `127.0.0.1:40123/123456789012/us-east-1/<name>` */
  readonly uri: string
  /** `http://127.0.0.1:40123/v2/123456789012/us-east-1/<name>` */
  readonly url: string
  readonly credentials: { readonly username: string; readonly password: string }
  /** What an `Authorization` header says. */
  readonly authorization: string
  /** Sends a request; `path` is below the repository's URL, or a Location of an answer. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | ReadableStream
  /** Default the login; empty for none. */
  readonly authorization?: string
  readonly signal?: AbortSignal
}

export const ecrCall = (server: Slipway, operation: string, input: object): Promise<Record<string, unknown>> =>
  apiCall(server, 'ecr', `AmazonEC2ContainerRegistry_V20150921.${operation}`, input)

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Creates a repository and logs in. */
export async function openRegistry(server: Slipway, repositoryName: string): Promise<ImageRegistryFixture> {
  const { repository } = await ecrCall(server, 'CreateRepository', { repositoryName })
  const uri = (repository as { repositoryUri: string }).repositoryUri
  const { authorizationData } = await ecrCall(server, 'GetAuthorizationToken', {})
  const token = (authorizationData as { authorizationToken: string }[])[0]?.authorizationToken ?? ''
  const [username = '', password = ''] = Buffer.from(token, 'base64').toString().split(':')
  const url = `${server.url}/v2/${uri.slice(uri.indexOf('/') + 1)}`
  return {
    uri,
    url,
    credentials: { username, password },
    authorization: `Basic ${token}`,
    send: (method, path, { headers = {}, body, authorization = `Basic ${token}`, signal } = {}) =>
      fetch(path.startsWith('/') ? `${server.url}${path}` : `${url}/${path}`, {
        method,
        headers: { ...(authorization !== '' && { authorization }), ...headers },
        ...(body !== undefined && { body: body as RequestInit['body'] }),
        ...(body instanceof ReadableStream && { duplex: 'half' }),
        ...(signal !== undefined && { signal }),
        redirect: 'manual',
      } as RequestInit),
  }
}
