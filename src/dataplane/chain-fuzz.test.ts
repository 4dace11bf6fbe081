import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chance, faultChance } from '../../test/support/chance.ts'
import { eventually } from '../../test/support/eventually.ts'
import { type FakeContainer, httpContainer } from '../../test/support/fake-container.ts'
import { DataPlane } from './data-plane.ts'
import type { InvocationFailure } from './invocation.ts'
import { directVariant, type VariantRoute } from './route.ts'

const ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes'
const LARGE = 30_000

/** How a container behaves towards a request; everything it says is made of the request's mark. */
type Behaviour = (mark: string, request: IncomingMessage, response: ServerResponse) => void

const afterBody = (request: IncomingMessage, then: () => void) => request.resume().once('end', then)

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  small: (mark, request, response) => afterBody(request, () => response.end(mark)),
  echo: (_mark, request, response) => request.pipe(response),
  large: (mark, request, response) => afterBody(request, () => response.end(mark.repeat(LARGE))),
  chunked: (mark, request, response) =>
    afterBody(request, () => {
      for (let part = 0; part < 30; part++) response.write(mark.repeat(LARGE / 30))
      response.end()
    }),
  early: (mark, _request, response) => response.end(mark),
  earlyLarge: (mark, _request, response) => response.end(mark.repeat(LARGE)),
  cut: (mark, request, response) =>
    afterBody(request, () => {
      response.writeHead(200, { 'Content-Length': 1_000_000 })
      response.write(mark.repeat(LARGE), () => response.socket?.destroy())
    }),
  cutEarly: (mark, _request, response) => {
    response.write(mark)
    setTimeout(() => response.socket?.resetAndDestroy(), 3)
  },
  refuse: (mark, request, response) => afterBody(request, () => response.writeHead(400).end(mark)),
  refuseEarly: (mark, _request, response) => response.writeHead(413).end(mark),
  hangUp: (_mark, request) => request.socket.destroy(),
  late: (mark, request, response) => afterBody(request, () => setTimeout(() => response.end(mark), 40)),
  never: (_mark, request) => request.resume(),
  empty: (_mark, request, response) => afterBody(request, () => response.writeHead(204).end()),
  closing: (mark, request, response) =>
    afterBody(request, () => response.writeHead(200, { Connection: 'close' }).end(mark)),
  interim: (mark, request, response) =>
    afterBody(request, () => {
      response.writeContinue()
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      response.end(mark)
    }),
}
const NAMES = Object.keys(BEHAVIOURS)

describe('chains of containers that behave in all ways at once', () => {
  const chance: Chance = faultChance('chain fuzz')
  const containers: FakeContainer[] = []
  let plane: DataPlane
  beforeAll(async () => {
    plane = new DataPlane(() => {})
    for (let position = 0; position < 3; position++)
      containers.push(
        await httpContainer((request, response) => {
          for (const stream of [request, response]) stream.on('error', () => {})
          const [mark = '', ...behaviours] = String(request.headers[ATTRIBUTES]).split(' ')
          BEHAVIOURS[behaviours[position] ?? 'small']?.(mark, request, response)
        }),
      )
  })
  afterAll(async () => {
    plane?.close()
    await Promise.all(containers.map((container) => container.stop()))
  })

  /** Two thirds behave, so that many requests come as far as the last container. */
  const behaviour = () => (chance.between(1, 3) === 1 ? chance.pick(NAMES) : chance.pick(NAMES.slice(0, 4)))

  it('never mix, all come to an end, and leave nothing behind', async () => {
    const placed = containers.map(({ address }, index) => ({ name: `c${index + 1}`, address }))
    const serial: VariantRoute = {
      ...{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM', mode: 'Serial', containers: placed },
      instances: [{ id: 'i-1', address: placed[0]!.address, containers: placed }],
    }
    const direct = directVariant({ ...serial, mode: 'Direct' }, 'c2') as VariantRoute
    const ends: Record<string, number> = {}
    const note = (end: string) => {
      ends[end] = (ends[end] ?? 0) + 1
    }
    const one = (mark: string) =>
      new Promise<void>((resolve) => {
        const text = mark.repeat(chance.pick([1, 100, LARGE]))
        const lines = `X-Amzn-SageMaker-Custom-Attributes: ${[mark, behaviour(), behaviour(), behaviour()].join(' ')}\r\n`
        const pausing = chance.between(1, 4) === 1
        let body = ''
        let over = false
        const end = (how: string) => {
          note(over ? 'ended twice' : how)
          over = true
          resolve()
        }
        const running = plane.invoke(
          chance.between(1, 5) === 1 ? direct : serial,
          {
            headerLines: lines,
            body: { kind: 'collected', chunks: [Buffer.from(text)] },
            contentLength: text.length,
            timeoutMilliseconds: 400,
            maxResponseBytes: chance.pick([500, 1e9]),
          },
          {
            onHead: () => {
              if (over) note('head after the end')
            },
            onBody: (bytes) => {
              body += bytes.toString('latin1')
              if (pausing) setTimeout(() => running.resume(), 2)
              return !pausing
            },
            // All that is said is this request's own.
            onEnd: () => end(body.replaceAll(mark, '') === '' ? 'answered' : 'mixed'),
            onFailure: (failure: InvocationFailure) => end(typeof failure === 'string' ? failure : failure.kind),
          },
        )
        if (!over && chance.between(1, 8) === 1)
          setTimeout(
            () => {
              if (over) return
              running.cancel()
              end('cancelled')
            },
            chance.between(0, 30),
          )
      })
    for (let round = 0; round < 20; round++) {
      const marks = Array.from({ length: 25 }, (_, index) => `#${round}.${index}#`)
      await Promise.all(marks.map(one))
      if (round % 10 === 0) await delay(5)
    }
    const expected = ['answered', 'broken', 'cancelled', 'timed-out', 'too-large']
    expect(Object.keys(ends).sort()).toEqual(expected)
    for (const end of expected) expect(ends[end], end).toBeGreaterThan(5)
    for (const place of placed) expect(plane.target(place).outstanding).toBe(0)
    // What is kept for further requests is given up when there are none.
    await eventually(() => expect(containers.map(({ open }) => open.size)).toEqual([0, 0, 0]), 10_000)
  }, 60_000)
})
