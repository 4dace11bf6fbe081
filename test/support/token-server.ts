import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from '../../scripts/machine/certificates.ts'

export interface Account {
  readonly username: string
  readonly password: string
  /** Repositories the account may pull from and push to; everybody, anonymous callers too, may pull `public/…`. */
  readonly repositories: RegExp
}

export interface TokenRequest {
  readonly username: string | undefined
  readonly service: string | null
  readonly scopes: readonly string[]
  readonly status: number
}

export interface TokenServer {
  readonly realm: string
  /** Every request so far, in order. */
  readonly requests: readonly TokenRequest[]
  stop(): Promise<void>
}

export interface TokenServerOptions {
  readonly address: string
  readonly issuer: string
  readonly service: string
  readonly signing: Certificate
  readonly accounts: readonly Account[]
  readonly lifetimeSeconds: number
  readonly tls: Certificate | undefined
}

/** The token half of a registry with Bearer authentication: Basic credentials in, an RS256 JWT for the scopes out. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenRequest[] = []
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://token')
    const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '))
    const credentials = basicCredentials(request)
    const account = options.accounts.find((known) => known.username === credentials?.username)
    const refused = credentials !== undefined && account?.password !== credentials.password
    const status = request.method !== 'GET' ? 405 : refused ? 401 : 200
    requests.push({ username: credentials?.username, service: url.searchParams.get('service'), scopes, status })
    response.writeHead(status, { 'content-type': 'application/json' })
    if (status !== 200) {
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] }))
      return
    }
    const token = issue(options, account, scopes)
    const now = new Date().toISOString()
    response.end(JSON.stringify({ token, access_token: token, expires_in: options.lifetimeSeconds, issued_at: now }))
  }
  const { tls } = options
  const server =
    tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ cert: tls.certificate, key: tls.key }, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, options.address, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    realm: `${tls === undefined ? 'http' : 'https'}://${options.address}:${port}/token`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function basicCredentials(request: IncomingMessage): { username: string; password: string } | undefined {
  const match = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')
  if (match === null) return undefined
  const [username = '', ...password] = Buffer.from(match[1] ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return { username, password: password.join(':') }
}

function issue(options: TokenServerOptions, account: Account | undefined, scopes: readonly string[]): string {
  const now = Math.floor(Date.now() / 1000)
  const header = {
    typ: 'JWT',
    alg: 'RS256',
    x5c: [new X509Certificate(options.signing.certificate).raw.toString('base64')],
  }
  const claims = {
    iss: options.issuer,
    sub: account?.username ?? '',
    aud: options.service,
    iat: now,
    nbf: now - 10,
    exp: now + options.lifetimeSeconds,
    jti: randomUUID(),
    access: scopes.flatMap((scope) => grant(account, scope)),
  }
  const unsigned = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(unsigned), createPrivateKey(options.signing.key))
  return `${unsigned}.${signature.toString('base64url')}`
}

/** What is asked for and allowed; less than asked is no error here, the registry refuses it later. */
function grant(account: Account | undefined, scope: string): { type: string; name: string; actions: string[] }[] {
  const match = /^([a-z]+):(.+):([a-z,*]+)$/.exec(scope)
  if (match === null) return []
  const [, type = '', name = '', actions = ''] = match
  const asked = actions.split(',')
  const allowed =
    account?.repositories.test(name) === true ? asked : asked.filter((a) => a === 'pull' && name.startsWith('public/'))
  return allowed.length === 0 ? [] : [{ type, name, actions: allowed }]
}
