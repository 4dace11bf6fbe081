import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The largest answer of a function, in bytes, and the largest event. */
export const MAX_PAYLOAD = 6 * 1024 * 1024 + 100
/** What is still read of a larger one, so that its sender sees the refusal. */
const MAX_DRAINED = 64 * 1024 * 1024
const MAX_ERROR_DOCUMENT = 1024 * 1024

/** The side of an environment that its runtime speaks to. */
export interface RuntimeSession {
  /** The runtime waits for an event; `response` is answered when there is one. */
  next(response: ServerResponse): void
  /** The answer to an event; false when no such event is being handled. */
  respond(requestId: string, payload: Uint8Array): boolean
  respondTooLarge(requestId: string): boolean
  fail(requestId: string, document: Uint8Array, errorType: string | undefined): boolean
  failInit(document: Uint8Array): void
}

/**
 * The Lambda Runtime API (2018-06-01) for all processes of a worker, on a loopback port. Each environment has a path of
 * its own that it alone knows.
 */
export interface RuntimeApi {
  /** What `AWS_LAMBDA_RUNTIME_API` becomes, and how to forget the session. */
  register(session: RuntimeSession): { readonly address: string; unregister(): void }
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const sessions = new Map<string, RuntimeSession>()
  const { port, close } = await startServer(LOOPBACK, async (request, response) => {
    const [, secret = '', ...path] = (request.url ?? '').split('/')
    const session = sessions.get(secret)
    if (session === undefined) return forbid(response)
    await serve(session, path.join('/'), request, response)
  })
  return {
    register(session) {
      const secret = randomBytes(24).toString('hex')
      sessions.set(secret, session)
      return { address: `${LOOPBACK}:${port}/${secret}`, unregister: () => void sessions.delete(secret) }
    },
    close,
  }
}

/**
 * The same for one container, whose runtime is not ours and takes nothing but host and port: on a port of its own, open
 * to the one address that is admitted. Requests wait until there is one.
 */
export interface ContainerRuntimeApi {
  readonly address: string
  admit(address: string): void
  close(): Promise<void>
}

export async function startContainerRuntimeApi(session: RuntimeSession, host: string): Promise<ContainerRuntimeApi> {
  let admit!: (address: string) => void
  const admitted = new Promise<string>((resolve) => {
    admit = resolve
  })
  const { port, close } = await startServer(host, async (request, response) => {
    if (request.socket.remoteAddress !== (await admitted)) return forbid(response)
    await serve(session, (request.url ?? '').slice(1), request, response)
  })
  return { address: `${host}:${port}`, admit, close }
}

const forbid = (response: ServerResponse): void =>
  answer(response, 403, { errorType: 'Forbidden', errorMessage: 'Forbidden' })

async function startServer(
  host: string,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, noDelay: true }, (request, response) => {
    void handle(request, response).catch(() => response.destroy())
  })
  await listen(server, host)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Exclusive: workers of a cluster would otherwise share one port, and get each other's requests.
    server.listen({ port: 0, host, exclusive: true }, resolve)
  })
}

const ROUTE = /^2018-06-01\/runtime\/(?:(init\/error)|invocation\/(?:(next)|([\w-]{1,64})\/(response|error)))$/

async function serve(
  session: RuntimeSession,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const match = ROUTE.exec(path)
  const [, initError, next, requestId = '', kind] = match ?? []
  const method = next === undefined ? 'POST' : 'GET'
  if (match === null || request.method !== method) {
    request.resume()
    return answer(response, 404, { errorType: 'NotFound', errorMessage: 'Not found' })
  }
  if (next !== undefined) return session.next(response)

  const body = await readBody(request, kind === 'response' ? MAX_PAYLOAD : MAX_ERROR_DOCUMENT)
  if (initError !== undefined) {
    session.failInit(body ?? tooLargeDocument())
    return answer(response, 202, { status: 'OK' })
  }
  if (body === undefined && kind === 'response') {
    session.respondTooLarge(requestId)
    return answer(response, 413, {
      errorType: 'RequestEntityTooLarge',
      errorMessage: `Exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`,
    })
  }
  const errorType = request.headers['lambda-runtime-function-error-type']
  const known =
    kind === 'response'
      ? session.respond(requestId, body!)
      : session.fail(requestId, body ?? tooLargeDocument(), Array.isArray(errorType) ? errorType[0] : errorType)
  if (known) return answer(response, 202, { status: 'OK' })
  return answer(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' })
}

const tooLargeDocument = (): Uint8Array =>
  Buffer.from(
    JSON.stringify({ errorType: 'Unknown', errorMessage: 'The error document of the function is too large.' }),
  )

/** The whole body, or undefined when it is longer than `limit`; then its rest is read and dropped. */
async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_DRAINED) throw new Error('the runtime sends without end')
    if (size <= limit) chunks.push(chunk as Buffer)
    else chunks.length = 0
  }
  return size <= limit ? Buffer.concat(chunks) : undefined
}

function answer(response: ServerResponse, status: number, document: Record<string, string>): void {
  const body = JSON.stringify(document)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}
