import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chance, faultChance } from '../../../test/support/chance.ts'
import { eventually } from '../../../test/support/eventually.ts'
import { deadAddress, type FakeContainer, httpContainer } from '../../../test/support/fake-container.ts'
import { type InvocationGateway, startInvocationGateway } from '../../../test/support/invocation-gateway.ts'
import type { VariantRoute } from '../../dataplane/route.ts'

/*
 * Whole bodies both ways, of the sizes at which something changes, past containers and clients of all manners. What is given back
 * while somebody still reads it shows, for memory is overwritten before it is given back. SLOW_TESTS=1 makes it twenty times as long.
 */
const CONNECTIONS = process.env.SLOW_TESTS === '1' ? 1_000 : 50
const AT_ONCE = 10
const KB = 1024
const SIZES = [0, 1, 4, 8, 16, 32, 64, 128, 500].flatMap((size) =>
  [-1, 0, 1].map((more) => Math.max(0, size * KB + more)),
)
/** More than the kernel takes of what nobody reads. */
const HUGE = 12 * KB * KB
const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes'
const MEMORY = 256 * KB * KB

/** A body that is one request's own. */
const bodyOf = (mark: string, size: number) => Buffer.alloc(size, `${mark}|`)
const digest = (body: Buffer) => `${createHash('sha256').update(body).digest('hex')}|`
const answerOf = (mark: string, size: number, body: Buffer) =>
  Buffer.concat([Buffer.from(digest(body)), bodyOf(mark, size)])

type Manner = (answer: (body: Buffer) => Buffer, request: IncomingMessage, response: ServerResponse) => void
const whole = (request: IncomingMessage, then: (body: Buffer) => void) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part)).on('end', () => then(Buffer.concat(parts)))
}
const MANNERS: Readonly<Record<string, Manner>> = {
  plain: (answer, request, response) => whole(request, (body) => response.end(answer(body))),
  chunked: (answer, request, response) =>
    whole(request, (body) => {
      response.write(answer(body))
      response.end()
    }),
  pieces: (answer, request, response) =>
    whole(request, (body) => {
      const all = answer(body)
      for (let at = 0; at < all.length; at += 20_000) response.write(all.subarray(at, at + 20_000))
      response.end()
    }),
  slow: (answer, request, response) => setTimeout(() => whole(request, (body) => response.end(answer(body))), 15),
  echo: (_answer, request, response) => request.pipe(response),
  early: (answer, _request, response) => response.end(answer(Buffer.alloc(0))),
  earlyRead: (answer, request, response) => {
    response.end(answer(Buffer.alloc(0)))
    setTimeout(() => request.resume(), 10)
  },
  cut: (answer, request, response) =>
    whole(request, (body) => {
      response.writeHead(200, { 'Content-Length': 2e6 })
      response.write(answer(body), () => response.socket?.destroy())
    }),
  refuse: (answer, request, response) => whole(request, (body) => response.writeHead(400).end(answer(body))),
  refuseEarly: (answer, _request, response) => response.writeHead(413).end(answer(Buffer.alloc(0))),
  hangUp: (_answer, request) => request.socket.destroy(),
  never: (_answer, request) => request.resume(),
}
const NAMES = Object.keys(MANNERS)
/** Those that answer with success; one that is early may not be heard by whoever still sends. */
const SOUND = new Set(['plain', 'chunked', 'pieces', 'slow', 'early', 'earlyRead', 'echo'])

const chance: Chance = faultChance('fuzz bodies')
const original = ArrayBuffer.prototype.transfer
let freed = 0
const stops: (() => Promise<void>)[] = []
const gateways: InvocationGateway[] = []

beforeAll(async () => {
  ArrayBuffer.prototype.transfer = function (size) {
    freed++
    new Uint8Array(this).fill(0xdd)
    return original.call(this, size)
  }
  const containers: FakeContainer[] = []
  for (let position = 0; position < 3; position++)
    containers.push(
      await httpContainer((request, response) => {
        for (const stream of [request, response]) stream.on('error', () => {})
        const [mark = '', size, ...manners] = String(request.headers[ATTRIBUTES]).split(' ')
        const manner = MANNERS[manners[position] ?? 'plain'] as Manner
        manner((body) => answerOf(mark, Number(size), body), request, response)
      }),
    )
  const alone = containers[0]!.address
  const placed = containers.map(({ address }, index) => ({ name: `c${index}`, address }))
  const variant: VariantRoute = { name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances: [] }
  for (const options of [{}, { lookup: 5 }, { withoutFront: true }]) {
    const gateway = await startInvocationGateway({
      ...options,
      containerSeconds: 5,
      streamSeconds: 5,
      memoryBytes: MEMORY,
    })
    const dead = Array.from({ length: 3 }, async (_, index) => ({ id: `dead-${index}`, address: await deadAddress() }))
    const instances = [{ id: 'i', address: alone }, ...(await Promise.all(dead))]
    gateway.route('one', { variants: [{ ...variant, instances }] })
    const chains = [{ id: 'i', address: alone, containers: placed }]
    gateway.route('chain', { variants: [{ ...variant, mode: 'Serial', containers: placed, instances: chains }] })
    gateways.push(gateway)
    stops.push(() => gateway.stop())
  }
  stops.push(...containers.map((container) => () => container.stop()))
})
afterAll(async () => {
  ArrayBuffer.prototype.transfer = original
  for (const stop of stops) await stop()
})

interface Sent {
  readonly text: string
  readonly bytes: Buffer
  readonly stream: boolean
  /** Whatever happens, it is answered. */
  readonly sure: boolean
  /** Whether an answer may be one to this request. */
  fits(status: number, answer: Buffer): boolean
}

/** Between containers no more than 5 MB may go. */
const size = (name: string) => (name === 'one' && chance.between(1, 20) === 1 ? HUGE : chance.pick(SIZES))

function request(gateway: InvocationGateway, mark: string, last: boolean): Sent {
  const name = chance.pick(['one', 'one', 'chain'])
  const stream = chance.between(1, 5) === 1
  const path = `/endpoints/${name}/invocations${stream ? '-response-stream' : ''}`
  const body = bodyOf(mark, size(name))
  const more = size(name)
  const manners = Array.from({ length: name === 'one' ? 1 : 3 }, () =>
    chance.between(1, 3) === 1 ? chance.pick(NAMES) : chance.pick(['plain', 'pieces', 'chunked', 'slow']),
  )
  const wrong = chance.between(1, 12) === 1
  const signed = gateway.signed(path, wrong ? 'another' : body, { [ATTRIBUTES]: [mark, more, ...manners].join(' ') })
  // Its connection is handed over.
  const unknown = last && chance.between(1, 8) === 1
  if (unknown) signed.authorization = signed.authorization?.replace('AKIA', 'AKIB') as string
  const lines = Object.entries(signed).map(([header, value]) => `${header}: ${value}\r\n`)
  const head = `POST ${path} HTTP/1.1\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n`
  const expected = manners.reduce(
    (given, manner) =>
      manner === 'echo' ? given : answerOf(mark, more, manner.startsWith('early') ? Buffer.alloc(0) : given),
    body,
  )
  const sound = manners.every((manner) => SOUND.has(manner))
  const sure = sound && !manners.some((manner) => manner.startsWith('early'))
  return {
    text: `${mark} ${path} ${manners} with ${body.length} bytes, answered with ${more} and more`,
    bytes: Buffer.concat([Buffer.from(head), body]),
    stream,
    sure: sure && !unknown,
    fits(status, answer) {
      if (wrong || unknown) return status === 403
      if (status !== 200) return !sure
      return sound ? answer.equals(expected) : stream || manners.includes('cut')
    },
  }
}

/** The answers in what a connection has received, each with the bytes of its body. */
function answersIn(bytes: Buffer): { status: number; body: Buffer }[] {
  const answers = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return answers
    const head = bytes.toString('latin1', at, end)
    at = end + 4
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
    const length = /^content-length: (\d+)/im.exec(head)?.[1]
    const parts: Buffer[] = []
    if (length !== undefined) {
      if (at + Number(length) > bytes.length) return answers
      parts.push(bytes.subarray(at, at + Number(length)))
      at += Number(length)
    } else
      for (let more = true; more; ) {
        const line = bytes.indexOf('\r\n', at)
        if (line < 0) return answers
        const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
        if (Number.isNaN(size)) throw new Error('a chunk without a size')
        if (line + 4 + size > bytes.length) return answers
        parts.push(bytes.subarray(line + 2, line + 2 + size))
        at = line + 4 + size
        more = size > 0
      }
    answers.push({ status, body: Buffer.concat(parts) })
  }
}

/** The payloads of an event stream's messages. */
function payloads(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    parts.push(bytes.subarray(at + 12 + bytes.readUInt32BE(at + 4), at + bytes.readUInt32BE(at) - 4))
  return Buffer.concat(parts)
}

async function connection(index: number): Promise<void> {
  const gateway = chance.pick(gateways)
  const withFront = gateway !== gateways[2]
  // node:http begins with all that have come, so that the time of one passes while another is answered.
  const length = withFront ? chance.between(1, 6) : 1
  const requests = Array.from({ length }, (_, number) => request(gateway, `${index}.${number}`, number === length - 1))
  const leaves = chance.between(1, 5) === 1
  const lingers = chance.between(1, 4) === 1
  const received: Buffer[] = []
  const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let last = performance.now()
  socket
    .on('error', () => {})
    .on('data', (part) => {
      received.push(part)
      last = performance.now()
      if (lingers) {
        socket.pause()
        setTimeout(() => socket.resume(), received.length === 1 ? 100 : 2)
      }
    })
  const all = Buffer.concat(requests.map(({ bytes }) => bytes))
  for (let at = 0; at < all.length && !socket.destroyed; ) {
    const size = chance.pick([1, 300, 5_000, 16 * KB, 64 * KB, 200_000, all.length])
    await new Promise((resolve) => socket.write(all.subarray(at, at + size), resolve))
    at += size
    if (chance.between(1, 3) === 1) await delay(chance.between(0, 3))
  }
  if (leaves) {
    await delay(chance.between(0, 40))
    socket.destroy()
  }
  const answers = () => answersIn(Buffer.concat(received))
  for (let looked = 0, quiet = 0; !socket.destroyed && quiet < 15_000; await delay(10)) {
    quiet = performance.now() - last
    if (quiet < 20 || looked === last) continue
    looked = last
    if (answers().length === requests.length) break
  }
  socket.destroy()
  await closed
  const found = answers()
  for (const [number, { status, body }] of found.entries()) {
    const { text, stream, fits } = requests[number] as Sent
    if (!fits(status, stream && status === 200 ? payloads(body) : body))
      throw new Error(`${text}: ${status} ${body.length} ${body.toString('latin1', 0, 300)}`)
  }
  const next = requests[found.length]
  if (!leaves && next?.sure) throw new Error(`no answer: ${next.text}`)
}

it('bodies stay what they are', { timeout: 600_000 }, async () => {
  let left = CONNECTIONS
  const client = async () => {
    while (left-- > 0) await connection(left)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  expect(freed).toBeGreaterThan(CONNECTIONS / 2)
  for (const { bodyMemory } of gateways)
    await eventually(() => {
      // Fits only where nothing is.
      expect(bodyMemory.reserve(MEMORY)).toBe(true)
      bodyMemory.release(MEMORY)
    })
})
