import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Principal } from '../../src/access/principal.ts'
import { rootPrincipal } from '../../src/access/principals.ts'
import { DataPlane } from '../../src/dataplane/data-plane.ts'
import type { Route } from '../../src/dataplane/route.ts'
import { RouteTable, routeKey } from '../../src/dataplane/route-table.ts'
import { trustingAuthenticator, verifyingAuthenticator } from '../../src/gateway/authenticate.ts'
import { BodyMemory } from '../../src/gateway/body-memory.ts'
import { InvocationFront } from '../../src/gateway/front/invocation-front.ts'
import { type GatewayParts, handleRequest } from '../../src/gateway/gateway.ts'
import { createHttpServer, drainHttpServer, type HttpTimes } from '../../src/gateway/http-server.ts'
import type { Authorizer } from '../../src/services/authorizer.ts'
import { createServices } from '../../src/services/registry.ts'
import { acceptDeps } from '../../src/services/sagemaker-runtime/async-inference/invoke-endpoint-async.ts'
import type { NewRequest, RequestQueue } from '../../src/services/sagemaker-runtime/async-inference/request-queue.ts'
import type { SessionAffinity } from '../../src/services/sagemaker-runtime/session-affinity.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { createSealedBox } from '../../src/shared/sealed-box.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { signRequest } from '../../src/wire/sigv4/sign.ts'

const ACCOUNT = '123456789012'
const REGION = 'us-east-1'
export const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

export interface InvocationGateway {
  readonly port: number
  readonly bodyMemory: BodyMemory
  /** Gives or takes away an endpoint. */
  route(name: string, route: Partial<Route> | undefined): void
  /** The headers of a signed invocation; `target` is the path as it is sent. */
  signed(target: string, body: string | Uint8Array, headers?: Record<string, string>): Record<string, string>
  invoke(target: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>
  /** As a server does before it ends. */
  drain(): Promise<void>
  stop(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The members of an error. */
  readonly json: Record<string, unknown>
}

export interface GatewayOptions {
  readonly auth?: 'verify' | 'trust'
  readonly sessions?: SessionAffinity
  readonly invocationBytes?: number
  readonly containerSeconds?: number
  readonly streamSeconds?: number
  readonly memoryBytes?: number
  readonly bodyPace?: GatewayParts['bodyPace']
  readonly times?: HttpTimes
  readonly accessLog?: GatewayParts['accessLog']
  /** Leaves everything to node:http. */
  readonly withoutFront?: boolean
  /** How long it takes to find out who signs, in milliseconds. Default: no time at all. */
  readonly lookup?: number
  /** Who signs. Default: the account's root. */
  readonly principal?: Principal
  /** Default: one that allows everything. */
  readonly authorizer?: Pick<Authorizer, 'require'>
  /** What is accepted for asynchronous endpoints. */
  readonly onAccepted?: (request: NewRequest) => void
}

const NO_SESSIONS: SessionAffinity = { find: async () => undefined, open: async () => {}, close: async () => {} }

/** The gateway with nothing behind it but routes and the data plane: no storage, no engine. */
export async function startInvocationGateway(options: GatewayOptions = {}): Promise<InvocationGateway> {
  const { auth = 'verify', sessions = NO_SESSIONS, invocationBytes = 25 * 1024 * 1024 } = options
  const routes = new Map<string, Route>()
  const table = new RouteTable(async (key) => routes.get(key))
  const dataPlane = new DataPlane(() => {})
  const { principal = rootPrincipal(ACCOUNT), authorizer = { require: () => {} } } = options
  const found = { secretAccessKey: CREDENTIALS.secretAccessKey, principal }
  const find = (id: string) => (id === CREDENTIALS.accessKeyId ? found : ({ fault: 'unknown-key' } as const))
  const { lookup } = options
  const source = { find: lookup === undefined ? find : (id: string) => delay(lookup).then(() => find(id)) }
  const tables = Object.fromEntries(
    ['sagemaker', 'sagemaker-runtime', 's3', 'lambda', 'iam', 'sts', 'logs'].map((id) => [
      id,
      { operations: {}, authorization: {} },
    ]),
  )
  const queue = { accept: async (request: NewRequest) => options.onAccepted?.(request) } as unknown as RequestQueue
  const bodyMemory = new BodyMemory(options.memoryBytes ?? 512 * 1024 * 1024)
  const parts = {
    services: createServices(tables as Parameters<typeof createServices>[0]),
    authenticator:
      auth === 'trust' ? trustingAuthenticator(source, principal, REGION) : verifyingAuthenticator(source, REGION),
    runtime: {
      accept: acceptDeps({ routes: table, queue, box: createSealedBox(randomBytes(32)) }, Date.now),
      routes: table,
      dataPlane,
      sessions,
      limits: {
        invocationBytes,
        containerSeconds: options.containerSeconds ?? 60,
        streamSeconds: options.streamSeconds ?? 60,
      },
    },
    authorizer,
    bodyMemory,
    bodyPace: options.bodyPace ?? { bodySeconds: 30, bodyBytesPerSecond: 4096 },
    clock: systemClock,
    s3Domains: [],
    log: silentLogger,
    accessLog: options.accessLog,
  } as unknown as GatewayParts
  const server = createHttpServer((request, response) => void handleRequest(parts, request, response), options.times)
  const front = options.withoutFront ? undefined : new InvocationFront(server, parts, options.times)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const signed: InvocationGateway['signed'] = (target, body, headers = {}) =>
    signRequest(
      { method: 'POST', target, headers: { host: `127.0.0.1:${port}`, 'content-type': 'text/plain', ...headers } },
      Buffer.from(body),
      { credentials: CREDENTIALS, region: REGION, service: 'sagemaker', now: Date.now() },
    )
  return {
    port,
    bodyMemory,
    signed,
    route(name, route) {
      const key = routeKey(ACCOUNT, REGION, name)
      if (route === undefined) routes.delete(key)
      else
        routes.set(key, { endpointName: name, account: ACCOUNT, region: REGION, hosted: true, variants: [], ...route })
      table.refresh(key)
    },
    async invoke(target, body = 'hello', headers = {}) {
      const path = target.startsWith('/') ? target : `/endpoints/${target}/invocations`
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: signed(path, body, headers),
        body: Buffer.from(body),
      })
      const text = await answer.text()
      let json: Record<string, unknown> = {}
      if (answer.headers.get('x-amzn-errortype') !== null) json = JSON.parse(text)
      return { status: answer.status, headers: answer.headers, text, json }
    },
    drain: () => drainHttpServer(server, front ?? { closeIdle: () => {} }),
    stop: async () => {
      dataPlane.close()
      server.closeAllConnections()
      front?.closeAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
