import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const MIB = 1024 * 1024
const PATH = '/endpoints/nowhere/invocations'

let slipway: Slipway
beforeAll(async () => {
  slipway = await startSlipway({
    env: {
      SLIPWAY_LIMITS_BODY_SECONDS: '2',
      SLIPWAY_LIMITS_BODY_BYTES_PER_SECOND: '100000',
      SLIPWAY_LIMITS_INVOCATION_MEMORY_BYTES: String(2 * MIB),
    },
  })
})
afterAll(() => slipway?.stop())

interface Sender {
  readonly socket: Socket
  received(): string
  closed(): boolean
}

function signed(method: string, target: string, service: 'sagemaker' | 's3', body: Buffer): Record<string, string> {
  const { port, region, accessKeyId, secretAccessKey } = slipway
  const credentials = { accessKeyId, secretAccessKey }
  const request = { method, target, headers: { host: `127.0.0.1:${port}` } }
  return signRequest(request, body, { credentials, region, service, now: Date.now() })
}

/** Sends a signed request byte by byte, a tick of time for each. */
function dripping(
  method: 'POST' | 'PUT',
  target: string,
  service: 'sagemaker' | 's3',
  body: Buffer,
  tick: number,
): Sender {
  const { port } = slipway
  const headers = signed(method, target, service, body)
  const socket = connect(port, '127.0.0.1')
  let received = ''
  let closed = false
  socket.on('data', (part) => {
    received += part.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  const lines = Object.entries({ ...headers, 'content-length': String(body.length) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
  let next = 0
  const timer = setInterval(() => {
    if (next < body.length && socket.writable) socket.write(body.subarray(next, ++next))
    else clearInterval(timer)
  }, tick)
  return { socket, received: () => received, closed: () => closed }
}

const invoke = (bytes: number) => {
  const body = Buffer.alloc(bytes, 'x')
  const headers = signed('POST', PATH, 'sagemaker', body)
  return fetch(`${slipway.url}${PATH}`, { method: 'POST', headers, body })
}

it('a body that trickles into memory is refused in time, and makes room for others', async () => {
  const slow = dripping('POST', PATH, 'sagemaker', Buffer.alloc(MIB, 'x'), 100)
  // What it has announced is taken, so that another of its size finds no room.
  await eventually(async () => expect((await invoke(MIB)).status).toBe(503))
  await eventually(
    () => expect(slow.received()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*RequestTimeout/),
    15_000,
  )
  await eventually(() => expect(slow.closed()).toBe(true), 10_000)
  // There is no such endpoint, which is said of a body that has come whole.
  expect((await invoke(MIB)).status).toBe(400)
}, 60_000)

it('a document to S3, whose signed hash is verified as it comes, has no more time than others', async () => {
  expect([200, 409]).toContain(await put('/slow-bodies', Buffer.alloc(0)))
  const slow = dripping('POST', '/slow-bodies?delete', 's3', Buffer.alloc(1_000, 'x'), 50)
  await eventually(() => expect(slow.received()).toMatch(/^HTTP\/1\.1 400 [\s\S]*<Code>RequestTimeout</), 10_000)
  slow.socket.destroy()
}, 60_000)

it('an object that trickles into a file may take its time', async () => {
  const bucket = await put('/slow-bodies', Buffer.alloc(0))
  expect([200, 409]).toContain(bucket)
  const slow = dripping('PUT', '/slow-bodies/object', 's3', Buffer.from('x'.repeat(80)), 100)
  await eventually(() => expect(slow.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/), 20_000)
  slow.socket.destroy()
}, 60_000)

async function put(target: string, body: Buffer): Promise<number> {
  const slow = dripping('PUT', target, 's3', body, 1)
  await eventually(() => expect(slow.received()).toMatch(/^HTTP\/1\.1 \d{3}/))
  slow.socket.destroy()
  return Number(slow.received().slice(9, 12))
}
