import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chance, faultChance } from '../../../../test/support/chance.ts'
import { type FakeContainer, httpContainer } from '../../../../test/support/fake-container.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../../../test/support/temporary-directory.ts'
import { DataPlane } from '../../../dataplane/data-plane.ts'
import type { BlobSeal, BlobStore } from '../../../storage/blobs/blob-store.ts'
import { openFileBlobStore } from '../../../storage/blobs/files/file-blob-store.ts'
import { takeBody } from '../../s3/content/take-body.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import { callContainer } from './container-call.ts'

/*
 * Inputs from the object store to containers of all manners, and their answers back into it. Memory is overwritten before it is given
 * back, so what is given back while somebody still reads it shows. SLOW_TESTS=1 makes it ten times as long.
 */
const REQUESTS = process.env.SLOW_TESTS === '1' ? 1_500 : 150
const AT_ONCE = 8
const KB = 1024
/** Where a chunk, a block, a slab, a small body or an answer kept whole ends, and more than sockets take of what nobody reads. */
const SIZES = [1, 16, 64, 128, 256, 512, 513, 700, 9_000].flatMap((size) => [-1, 0, 1].map((more) => size * KB + more))

type Manner = (request: IncomingMessage, response: ServerResponse, chance: Chance) => void
const whole = (request: IncomingMessage, then: (body: Buffer) => void) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part)).on('end', () => then(Buffer.concat(parts)))
}
const SOUND: Readonly<Record<string, Manner>> = {
  echo: (request, response) => request.pipe(response),
  whole: (request, response) => whole(request, (body) => response.end(body)),
  pieces: (request, response, chance) =>
    whole(request, (body) => {
      for (let at = 0; at < body.length; ) {
        const next = at + chance.between(1, 150_000)
        response.write(body.subarray(at, next))
        at = next
      }
      response.end()
    }),
  slow: (request, response) => {
    request.pause()
    setTimeout(() => request.pipe(response), 30)
  },
  stutter: (request, response) => {
    request.on('data', (part: Buffer) => {
      response.write(part)
      request.pause()
      setTimeout(() => request.resume(), 1)
    })
    request.on('end', () => response.end())
  },
}
const BROKEN: Readonly<Record<string, Manner>> = {
  hangUp: (request) => request.once('data', () => request.socket.destroy()),
  cut: (request, response) =>
    whole(request, (body) => {
      response.writeHead(200, { 'Content-Length': body.length + 1e6 })
      response.write(body, () => response.socket?.destroy())
    }),
  early: (_request, response) => response.end('too soon'),
  never: () => {},
}
const MANNERS = { ...SOUND, ...BROKEN }

const chance = faultChance('fuzz payloads')
const original = ArrayBuffer.prototype.transfer
let freed = 0
let folder: TemporaryDirectory
let blobs: BlobStore
let container: FakeContainer
const dataPlane = new DataPlane(() => {})

beforeAll(async () => {
  ArrayBuffer.prototype.transfer = function (size) {
    freed++
    new Uint8Array(this).fill(0xdd)
    return original.call(this, size)
  }
  folder = await temporaryDirectory()
  blobs = await openFileBlobStore(folder.path)
  container = await httpContainer((request, response) => {
    for (const stream of [request, response]) stream.on('error', () => {})
    const manner = String(request.headers['x-amzn-sagemaker-custom-attributes'])
    MANNERS[manner as keyof typeof MANNERS]?.(request, response, chance)
  })
})
afterAll(async () => {
  ArrayBuffer.prototype.transfer = original
  dataPlane.close()
  await container?.stop()
  await blobs?.close()
  await folder?.remove()
})

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

interface Stored {
  readonly blobId: string
  readonly seal: BlobSeal
  readonly digest: string
}

/** As objects are: what is small is whole before it is known to be. */
async function store(body: Readable | Uint8Array): Promise<Stored> {
  const taken = await takeBody(body, 16 * KB, undefined)
  const source = 'bytes' in taken ? Readable.from([taken.bytes]) : taken.source
  const key = randomBytes(32)
  const { blobId, size, digests } = await blobs.write(source, { digests: ['SHA256'], key })
  return { blobId, seal: { key, size }, digest: Buffer.from(digests.SHA256).toString('hex') }
}

async function readWhole({ blobId, seal }: Stored): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of await blobs.read(blobId, undefined, seal)) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Sends an input to the container, and stores what it answers. Undefined: it broke. */
async function pass(stored: Stored, first: number, manner: string, signal: AbortSignal): Promise<Stored | undefined> {
  const last = stored.seal.size - 1
  const stream = await blobs.read(stored.blobId, { start: first, end: last }, stored.seal)
  stream.on('error', () => {})
  const document = { timeoutSeconds: 30, customAttributes: manner }
  const instances = [{ id: 'i', address: container.address }]
  const variant = { name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances }
  const call = callContainer(
    { dataPlane } as unknown as AsyncDeps,
    { variant } as unknown as Workplace,
    { document, breaks: 0 } as unknown as ClaimedRequest,
    { body: { kind: 'stream', stream, chunked: false }, size: last - first + 1, contentType: undefined },
    signal,
  )
  try {
    const { body } = await call.answer
    return await store(body)
  } catch {
    return undefined
  } finally {
    call.end()
    stream.destroy()
  }
}

it(`brings ${REQUESTS} payloads through as they were, whatever becomes of others`, { timeout: 600_000 }, async () => {
  const seen = { sound: 0, broken: 0 }
  let left = REQUESTS
  const work = async () => {
    while (left-- > 0) {
      const size = Math.max(1, chance.pick(SIZES))
      const content = Buffer.alloc(size, `${left}|${chance.between(0, 1e9)}|`)
      const stored = await store(Readable.from([content.subarray(0, size >> 1), content.subarray(size >> 1)]))
      const manner = chance.pick(Object.keys(MANNERS))
      const first = chance.pick([0, 0, chance.between(0, size - 1)])
      const controller = new AbortController()
      const stops = manner === 'never' || chance.between(0, 9) === 0
      if (stops) void delay(chance.between(0, 40)).then(() => controller.abort(new Error('stopped')))
      // The same input may be read by two at once.
      const [answer] = await Promise.all([pass(stored, first, manner, controller.signal), readWhole(stored)])
      if (answer === undefined || !(manner in SOUND)) {
        seen.broken++
        expect(stops || !(manner in SOUND)).toBe(true)
      } else {
        seen.sound++
        const expected = digestOf(content.subarray(first))
        expect([manner, answer.digest]).toEqual([manner, expected])
        expect(digestOf(await readWhole(answer))).toBe(expected)
      }
      // What is stored is as it was, and so is what it was made from.
      expect(digestOf(await readWhole(stored))).toBe(digestOf(content))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  console.info(`${seen.sound} sound, ${seen.broken} broken, ${freed} times memory was given back`)
  expect(seen.sound).toBeGreaterThan(REQUESTS / 4)
  expect(freed).toBeGreaterThan(REQUESTS)
})
