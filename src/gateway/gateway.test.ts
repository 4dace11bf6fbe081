import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootPrincipal } from '../access/principals.ts'
import type { OperationTable } from '../services/operation.ts'
import { createServices } from '../services/registry.ts'
import { StorageFullError, StorageUnavailableError } from '../storage/errors.ts'
import type { Logger } from '../telemetry/log.ts'
import { trustingAuthenticator } from './authenticate.ts'
import { type GatewayParts, handleRequest } from './gateway.ts'
import { createHttpServer } from './http-server.ts'

/** Rows that ask for nothing. */
const openTo = (operations: OperationTable) =>
  Object.fromEntries(Object.keys(operations).map((name) => [name, () => []]))

/** What the next call of an operation does. */
let behaviour: () => Promise<unknown>
const logged: { readonly requestId?: string; readonly err?: Error; readonly message: string }[] = []
const note = (bindings: object, message: string) => void logged.push({ ...bindings, message })
const log = { error: note, warn: note, info: note } as unknown as Logger

const act = () => behaviour()
const tables: Record<string, OperationTable> = {
  sagemaker: { ListModels: act },
  s3: { ListBuckets: act, GetObject: act },
  lambda: { ListFunctions: act },
  sts: { GetCallerIdentity: act },
  logs: { DescribeLogGroups: act },
}
const CALLS = {
  sagemaker: { method: 'POST', path: '/', headers: { 'x-amz-target': 'SageMaker.ListModels' }, body: '{}' },
  s3: { method: 'GET', path: '/', headers: {}, body: undefined },
  lambda: { method: 'GET', path: '/2015-03-31/functions/', headers: {}, body: undefined },
  sts: {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity',
  },
  logs: { method: 'POST', path: '/', headers: { 'x-amz-target': 'Logs_20140328.DescribeLogGroups' }, body: '{}' },
} as const
type Name = keyof typeof CALLS

let server: Server
let url: string
beforeAll(async () => {
  const parts = {
    services: createServices(
      Object.fromEntries(
        Object.entries(tables).map(([id, operations]) => [id, { operations, authorization: openTo(operations) }]),
      ) as never,
    ),
    authorizer: { require: () => {} },
    authenticator: trustingAuthenticator(
      { find: () => ({ fault: 'unknown-key' }) },
      rootPrincipal('123456789012'),
      'us-east-1',
    ),
    health: () => ({ ready: false, version: '0', workers: 1, runtime: 'none' }),
    clock: { now: Date.now },
    bodyPace: { bodySeconds: 30, bodyBytesPerSecond: 4096 },
    publicUrl: undefined,
    s3Domains: [],
    log,
  } as unknown as GatewayParts
  server = createHttpServer((request, response) => void handleRequest(parts, request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function call(name: Name, does: () => Promise<unknown>) {
  behaviour = does
  logged.length = 0
  const { method, path, headers, body } = CALLS[name]
  const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe.each(Object.keys(CALLS) as Name[])('%s', (name) => {
  it.each([
    ['an error', () => Promise.reject(new TypeError("Cannot read properties of undefined (reading 'secret')"))],
    ['something that is no error', () => Promise.reject('secret')],
    [
      'a synchronous error',
      () => {
        throw new RangeError('secret')
      },
    ],
  ])('answers %s without its words, and logs it with the id of the request', async (_kind, does) => {
    const { status, headers, text } = await call(name, does)
    const told = `${text} ${headers.get('x-amzn-errortype')}`
    expect([status, told.includes(name === 's3' ? 'InternalError' : 'InternalFailure')]).toEqual([500, true])
    expect(text).toContain('We encountered an internal error. Please try again.')
    expect(text).not.toMatch(/secret|undefined|TypeError| at /)
    const requestId = headers.get(name === 's3' ? 'x-amz-request-id' : 'x-amzn-requestid')
    expect(logged).toMatchObject([{ requestId, message: 'a request failed' }])
  })

  it.each([
    ['a full disk', new StorageFullError('SQLITE_FULL at /data'), /no space left on the server/],
    ['a lost disk', new StorageUnavailableError('EIO at /data'), /storage cannot be used/],
  ])('answers %s in its own words', async (_kind, error, words) => {
    const { status, headers, text } = await call(name, () => Promise.reject(error))
    const codes: Record<string, string> = { logs: 'ServiceUnavailableException', lambda: 'ServiceException' }
    expect([status, text]).toEqual([503, expect.stringMatching(words)])
    expect(`${text} ${headers.get('x-amzn-errortype')}`).toContain(codes[name] ?? 'ServiceUnavailable')
    expect(text).not.toContain('/data')
  })
})

describe('an answer that cannot be written', () => {
  it('is a bug when its head is impossible, and nothing of it is left', async () => {
    const Body = Readable.from(['content'])
    behaviour = async () => ({ Body, ContentType: 'text/plain', Metadata: { 'no header\n': 'x' } })
    logged.length = 0
    const response = await fetch(`${url}/bucket/key`)
    expect([response.status, (await response.text()).includes('InternalError')]).toEqual([500, true])
    expect(Body.destroyed).toBe(true)
    expect(logged).toHaveLength(1)
  })

  it('breaks the connection when its body breaks, so that a part is never taken for the whole', async () => {
    behaviour = async () => ({
      ContentLength: 10,
      Body: Readable.from(
        (async function* () {
          yield Buffer.from('12345')
          throw new Error('the disk is gone')
        })(),
      ),
    })
    logged.length = 0
    const response = await fetch(`${url}/bucket/key`)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    expect(logged).toMatchObject([{ message: 'an answer broke off', err: { message: 'the disk is gone' } }])
  })

  it('is no news when the client has left', async () => {
    const Body = Readable.from(
      (async function* () {
        for (;;) yield Buffer.alloc(65_536)
      })(),
    )
    behaviour = async () => ({ Body })
    logged.length = 0
    const leaving = new AbortController()
    const response = await fetch(`${url}/bucket/key`, { signal: leaving.signal })
    expect(response.status).toBe(200)
    leaving.abort()
    await expect.poll(() => Body.destroyed).toBe(true)
    expect(logged).toEqual([])
  })
})

describe('the own routes', () => {
  it('say 503 while the server is not ready', async () => {
    const response = await fetch(`${url}/_slipway/health`)
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'not ready', version: '0', workers: 1, runtime: 'none' },
    ])
  })
})
