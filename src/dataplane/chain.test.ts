import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.ts'
import { deadAddress, type FakeContainer, httpContainer, socketContainer } from '../../test/support/fake-container.ts'
import { DataPlane } from './data-plane.ts'
import type { InstanceHolds } from './instance-holds.ts'
import type { Invocation, InvocationFailure, RunningInvocation } from './invocation.ts'
import { directVariant, type InstanceRoute, type VariantRoute } from './route.ts'

interface Outcome {
  status?: number
  headers?: ReadonlyMap<string, string>
  body: string
  failure?: InvocationFailure
  container?: string | undefined
}

const MIB = 1024 * 1024

let plane: DataPlane
let unreachable: string[]
let counted: string[]
const started: FakeContainer[] = []
const holds: string[] = []

beforeEach(() => {
  unreachable = []
  counted = []
  holds.length = 0
  const kept = {
    hold: (id: string) => holds.push(`hold ${id}`),
    release: (id: string) => holds.push(`release ${id}`),
    stop: () => {},
  } as unknown as InstanceHolds
  plane = new DataPlane((instance) => unreachable.push(instance.id), kept)
})
afterEach(async () => {
  plane.close()
  await Promise.all(started.splice(0).map((container) => container.stop()))
})

async function http(listener: RequestListener): Promise<FakeContainer> {
  const container = await httpContainer(listener)
  started.push(container)
  return container
}

async function socket(...given: Parameters<typeof socketContainer>): Promise<FakeContainer> {
  const container = await socketContainer(...given)
  started.push(container)
  return container
}

const counter = (name: string) => ({
  count: (status: number, whole: boolean) => counted.push(`${name} ${status} ${whole ? 'whole' : 'broken'}`),
  countAbandoned: () => counted.push(`${name} abandoned`),
})

/** Each instance is a list of addresses. */
const pipeline = (...instances: readonly string[][]): VariantRoute => ({
  name: 'v',
  weight: 1,
  share: 1,
  strategy: 'RANDOM',
  meter: counter('v'),
  mode: 'Serial',
  containers: (instances[0] ?? []).map((_, index) => ({ name: `c${index + 1}`, meter: counter(`c${index + 1}`) })),
  instances: instances.map((addresses, index): InstanceRoute => {
    const containers = addresses.map((address, position) => ({ name: `c${position + 1}`, address }))
    return { id: `i-${index}`, address: addresses[0] ?? '', containers }
  }),
})

const of = (...containers: readonly FakeContainer[]) => pipeline(containers.map(({ address }) => address))

const collected = (text: string): Pick<Invocation, 'body' | 'contentLength'> => ({
  body: { kind: 'collected', chunks: [Buffer.from(text)] },
  contentLength: text.length,
})

function invoke(
  variant: VariantRoute,
  what: Partial<Invocation> = {},
  onPart: (bytes: Buffer, running: RunningInvocation) => boolean = () => true,
): Promise<Outcome> & { running: RunningInvocation } {
  let running!: RunningInvocation
  const settled = new Promise<Outcome>((resolve) => {
    const outcome: Outcome = { body: '' }
    // The container that a failure is about is only known until the caller has been told.
    const settle = () => resolve(Object.assign(outcome, running === undefined ? {} : { container: running.container }))
    running = plane.invoke(
      variant,
      { headerLines: '', timeoutMilliseconds: 10_000, maxResponseBytes: 1e9, ...collected('in'), ...what },
      {
        onHead: (status, headers) => Object.assign(outcome, { status, headers }),
        onBody: (bytes) => {
          outcome.body += bytes.toString('latin1')
          return onPart(bytes, running)
        },
        onEnd: settle,
        onFailure: (failure) => {
          outcome.failure = failure
          settle()
        },
      },
    )
  })
  return Object.assign(settled, { running })
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('latin1')
  for await (const part of request) text += part
  return text
}

/** Answers the body with its own name behind it, and tells in its headers what it was sent. */
const stage = (name: string) =>
  http(async (request, response) => {
    const body = await textOf(request)
    response.setHeader('Content-Type', `text/${name}`)
    response.setHeader('X-Seen', JSON.stringify(request.headers))
    response.end(`${body}>${name}`)
  })

const answering = (respond: (response: ServerResponse, request: IncomingMessage) => void) =>
  http(async (request, response) => {
    await textOf(request)
    respond(response, request)
  })

describe('a chain', () => {
  it('hands bodies and content types on, and the other headers to every container', async () => {
    const seen: unknown[] = []
    const first = await http(async (request, response) => {
      seen.push(request.headers)
      await textOf(request)
      response.setHeader('Content-Type', 'text/one; charset=x')
      response.setHeader('X-Amzn-SageMaker-Custom-Attributes', 'of the first')
      response.end('one')
    })
    const second = await http(async (request, response) => {
      seen.push(request.headers)
      // A type need not be said; the next container then hears none.
      response.end(`${await textOf(request)} two`)
    })
    const third = await stage('three')
    const headerLines = 'Content-Type: text/in\r\nAccept: text/out\r\nX-Amzn-SageMaker-Custom-Attributes: mine\r\n'
    const outcome = await invoke(of(first, second, third), { headerLines })
    expect(outcome).toMatchObject({ status: 200, body: 'one two>three', container: 'c3' })
    expect(outcome.headers?.get('content-type')).toBe('text/three')
    const common = { accept: 'text/out', 'x-amzn-sagemaker-custom-attributes': 'mine' }
    expect(seen).toMatchObject([
      { ...common, 'content-type': 'text/in', 'content-length': '2' },
      { ...common, 'content-type': 'text/one; charset=x', 'content-length': '3', host: second.address },
    ])
    const last = JSON.parse(outcome.headers?.get('x-seen') ?? '')
    expect(last).toMatchObject({ ...common, 'content-length': '7' })
    expect(last).not.toHaveProperty('content-type')
    expect(outcome.headers?.get('x-amzn-sagemaker-custom-attributes')).toBeUndefined()
    expect(counted).toEqual(['c1 200 whole', 'c2 200 whole', 'c3 200 whole', 'v 200 whole'])
  })

  it.each([`text/${'x'.repeat(2000)}`, 't\xffxt', ''])(
    'hands on no content type that nobody could take: %j',
    async (type) => {
      const seen: (string | undefined)[] = []
      const first = await socket((connection) =>
        connection.once('data', () =>
          connection.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 3\r\n\r\none`, 'latin1'),
        ),
      )
      const second = await http(async (request, response) => {
        seen.push(request.headers['content-type'])
        response.end(await textOf(request))
      })
      expect(await invoke(of(first, second))).toMatchObject({ status: 200, body: 'one', container: 'c2' })
      expect(seen).toEqual([undefined])
    },
  )

  it('uses connections again, and many chains at once do not mix', async () => {
    const containers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(stage))
    const variant = of(...containers)
    for (let index = 0; index < 5; index++) await invoke(variant, collected(String(index)))
    expect(containers.map((container) => container.connections())).toEqual([1, 1, 1, 1, 1])
    const all = await Promise.all(Array.from({ length: 40 }, (_, index) => invoke(variant, collected(`${index}`))))
    expect(all.map(({ body }) => body)).toEqual(all.map((_, index) => `${index}>a>b>c>d>e`))
  })

  it('takes empty bodies, streamed requests, and answers without a body', async () => {
    const empty = await answering((response) => response.writeHead(204).end())
    const last = await stage('last')
    expect(await invoke(of(empty, last), collected(''))).toMatchObject({ status: 200, body: '>last' })
    const first = await stage('first')
    const stream = Readable.from([Buffer.from('a'), Buffer.from('b')])
    const body = { kind: 'stream', stream, chunked: true } as const
    expect(await invoke(of(first, last), { body, contentLength: undefined })).toMatchObject({ body: 'ab>first>last' })
  })

  for (const chunked of [false, true])
    it(`streams a large ${chunked ? 'chunked' : 'announced'} body from one container into the next while it comes`, async () => {
      const size = 4 * MIB
      let second: ServerResponse | undefined
      const begun: string[] = []
      const first = await answering((response) => {
        if (!chunked) response.setHeader('Content-Length', size)
        response.write(Buffer.alloc(size / 2, 'x'))
        second = response
      })
      const last = await http(async (request, response) => {
        begun.push(request.headers['content-length'] ?? request.headers['transfer-encoding'] ?? '')
        const text = await textOf(request)
        response.end(String(text.length))
      })
      const running = invoke(of(first, last))
      await eventually(() => expect(begun).toEqual([chunked ? 'chunked' : String(size)]))
      second?.end(Buffer.alloc(size / 2, 'x'))
      expect(await running).toMatchObject({ status: 200, body: String(size) })
    })

  it('waits for a container that is slower than the one before it', async () => {
    const first = await answering((response) => response.end(Buffer.alloc(4.5 * MIB, 'x')))
    let release: (() => Promise<unknown>) | undefined
    const last = await http((request, response) => {
      release = async () => response.end(String((await textOf(request)).length))
    })
    const running = invoke(of(first, last))
    await eventually(() => expect(release).toBeDefined())
    await release?.()
    expect(await running).toMatchObject({ status: 200, body: String(4.5 * MIB) })
  })

  it('pauses its last container for a slow caller', async () => {
    const first = await stage('first')
    const last = await answering((response) => response.end(Buffer.alloc(2 * MIB, 'x')))
    let parts = 0
    const outcome = await invoke(of(first, last), {}, (_bytes, running) => {
      parts++
      setImmediate(() => running.resume())
      return false
    })
    expect(outcome.body).toHaveLength(2 * MIB)
    expect(parts).toBeGreaterThan(10)
  })
})

describe('a container that does not answer with success', () => {
  it('ends the chain there, and its status and body go to the caller', async () => {
    const first = await stage('first')
    const second = await answering((response) => response.writeHead(400).end('no number'))
    const third = await stage('third')
    const outcome = await invoke(of(first, second, third))
    expect(outcome).toMatchObject({ status: 400, body: 'no number', container: 'c2' })
    expect(third.connections()).toBe(0)
    expect(counted).toEqual(['c1 200 whole', 'c2 400 whole', 'v 400 whole'])
  })

  it('may say so while the one before it is still sending', async () => {
    const first = await answering((response) => {
      response.write(Buffer.alloc(MIB, 'x'))
    })
    const second = await http((_request, response) => {
      response.writeHead(413).end('too much')
    })
    const third = await stage('third')
    expect(await invoke(of(first, second, third))).toMatchObject({ status: 413, body: 'too much', container: 'c2' })
    await eventually(() => expect(first.open.size).toBe(0))
    expect(counted).toEqual(['c2 413 whole', 'c1 abandoned', 'v 413 whole'])
  })

  it('may break off in mid-body: nothing of a small one has reached the next', async () => {
    const first = await socket((connection) => {
      connection.once('data', () => connection.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    })
    const last = await stage('last')
    expect(await invoke(of(first, last))).toMatchObject({ failure: 'broken', container: 'c1' })
    expect(last.connections()).toBe(0)
    expect(counted).toEqual(['c1 200 broken', 'v 200 broken'])
  })

  it('may break off in the middle of a large body: the next one is aborted', async () => {
    const first = await answering((response) => {
      response.writeHead(200, { 'Content-Length': 4 * MIB })
      response.write(Buffer.alloc(MIB, 'x'), () => response.socket?.destroy())
    })
    const aborted: boolean[] = []
    const last = await http((request) => {
      request.on('error', () => {}).on('close', () => aborted.push(!request.complete))
      request.resume()
    })
    expect(await invoke(of(first, last))).toMatchObject({ failure: 'broken', container: 'c1' })
    await eventually(() => expect(aborted).toEqual([true]))
    expect(counted).toEqual(['c2 abandoned', 'c1 200 broken', 'v 200 broken'])
    expect(last.open.size).toBe(0)
  })

  it('may die before it answers, or speak no HTTP', async () => {
    const first = await stage('first')
    const dead = await socket((connection) => connection.once('data', () => connection.destroy()))
    const mute = await socket((connection) => connection.once('data', () => connection.write('what?\r\n\r\n')))
    const last = await stage('last')
    for (const middle of [dead, mute])
      expect(await invoke(of(first, middle, last))).toMatchObject({ failure: 'broken', container: 'c2' })
    expect(unreachable).toEqual([])
  })

  it('may take too long: the time is that of the whole chain', async () => {
    const slow = (milliseconds: number) =>
      answering((response) => setTimeout(() => response.end('late'), milliseconds).unref())
    const [first, second] = [await slow(150), await slow(150)]
    expect(await invoke(of(first, second), { timeoutMilliseconds: 1_000 })).toMatchObject({ status: 200 })
    const outcome = await invoke(of(first, second), { timeoutMilliseconds: 200 })
    expect(outcome).toMatchObject({ failure: 'timed-out', container: 'c2' })
    await eventually(() => expect(second.open.size).toBe(1))
  })
})

describe('a body for the next container', () => {
  it('may have 5 MB and no more: of an announced one the next hears nothing', async () => {
    const sized = (size: number) => answering((response) => response.end(Buffer.alloc(size, 'x')))
    const last = await http(async (request, response) => {
      response.end(String((await textOf(request)).length))
    })
    expect(await invoke(of(await sized(5 * MIB), last))).toMatchObject({ status: 200, body: String(5 * MIB) })
    const connections = last.connections()
    const first = await sized(5 * MIB + 1)
    expect(await invoke(of(first, last))).toMatchObject({
      failure: { kind: 'handover-too-large', from: 'c1', to: 'c2', bytes: 5 * MIB + 1 },
    })
    expect(last.connections()).toBe(connections)
    await eventually(() => expect(first.open.size).toBe(0))
  })

  it('that is not announced ends both when it becomes too large', async () => {
    const first = await answering((response) => {
      const part = Buffer.alloc(64 * 1024, 'x')
      const more = () => {
        while (response.write(part)) {}
      }
      response.on('drain', more)
      more()
    })
    const aborted: boolean[] = []
    const last = await http((request) => {
      request.on('error', () => {}).on('close', () => aborted.push(!request.complete))
      request.resume()
    })
    const outcome = await invoke(of(first, last))
    expect(outcome.failure).toMatchObject({ kind: 'handover-too-large', from: 'c1', to: 'c2' })
    await eventually(() => {
      expect(aborted).toEqual([true])
      expect([first.open.size, last.open.size]).toEqual([0, 0])
    })
  })

  it('is no refusal: that is cut short where it is too long', async () => {
    const first = await answering((response) => response.writeHead(400).end(Buffer.alloc(6 * MIB, 'n')))
    const last = await stage('last')
    const outcome = await invoke(of(first, last), { maxResponseBytes: 1000 })
    expect(outcome).toMatchObject({ status: 400, container: 'c1' })
    expect(outcome.failure).toBeUndefined()
    expect(outcome.body.length).toBeLessThanOrEqual(MIB)
    expect(counted).toEqual(['c1 400 whole', 'v 400 whole'])
    await eventually(() => expect([first.open.size, last.connections()]).toEqual([0, 0]))
  })

  it('is no answer: that has the limit of answers', async () => {
    const first = await stage('first')
    const last = await answering((response) => response.end(Buffer.alloc(6 * MIB, 'x')))
    expect((await invoke(of(first, last))).body).toHaveLength(6 * MIB)
    expect(await invoke(of(first, last), { maxResponseBytes: MIB })).toMatchObject({
      failure: 'too-large',
      container: 'c2',
    })
  })
})

describe('another instance', () => {
  it('is tried while the first container cannot have seen anything', async () => {
    const [first, last] = [await stage('first'), await stage('last')]
    const there = [first.address, last.address]
    const variant = pipeline([await deadAddress(), last.address], there)
    for (let index = 0; index < 10; index++) expect((await invoke(variant)).body).toBe('in>first>last')
    expect(new Set(unreachable)).toEqual(new Set(['i-0']))
  })

  it('is not tried once the first has answered: whoever looks after the instance is told', async () => {
    const first = await stage('first')
    const variant = pipeline([first.address, await deadAddress()])
    expect(await invoke(variant)).toMatchObject({ failure: 'broken', container: 'c2' })
    expect(unreachable).toEqual(['i-0'])
    expect(counted).toEqual(['c1 200 whole', 'c2 0 broken', 'v 0 broken'])
  })

  it('is not there when none can be reached', async () => {
    const outcome = await invoke(pipeline([await deadAddress(), await deadAddress()]))
    expect(outcome).toMatchObject({ failure: 'no-instance', container: undefined })
  })
})

describe('a caller who leaves', () => {
  it('ends every exchange of the chain', async () => {
    const first = await answering((response) => {
      response.write(Buffer.alloc(MIB, 'x'))
    })
    const second = await http((request, response) => {
      request.on('error', () => {}).resume()
      response.write(Buffer.alloc(MIB, 'y'))
    })
    let received = 0
    const last = await http((request) => {
      request.on('error', () => {})
      request.on('data', (part: Buffer) => {
        received += part.length
      })
    })
    const { running } = invoke(of(first, second, last))
    await eventually(() => expect(received).toBeGreaterThan(0))
    const left = performance.now()
    running.cancel()
    await eventually(() => expect([first.open.size, second.open.size, last.open.size]).toEqual([0, 0, 0]))
    expect(performance.now() - left).toBeLessThan(1_000)
    expect(counted).toEqual(['c1 abandoned', 'c2 abandoned', 'c3 abandoned', 'v abandoned'])
    running.cancel()
    running.resume()
    expect(counted).toHaveLength(4)
  })
})

describe('an instance that is retired', () => {
  it('is held until its last container has answered', async () => {
    const first = await stage('first')
    let answer: (() => void) | undefined
    const last = await answering((response) => {
      answer = () => response.end('done')
    })
    const variant = of(first, last)
    const running = invoke(variant)
    await eventually(() => expect(answer).toBeDefined())
    plane.retire(variant.instances[0] as InstanceRoute)
    expect(holds).toEqual(['hold i-0'])
    answer?.()
    expect(await running).toMatchObject({ body: 'done' })
    expect(holds).toEqual(['hold i-0', 'release i-0'])
  })
})

describe('a request for one container', () => {
  it('goes to that one only, and counts for it and for the variant', async () => {
    const [first, second] = [await stage('first'), await stage('second')]
    const variant: VariantRoute = { ...of(first, second), mode: 'Direct' }
    const direct = directVariant(variant, 'c2')
    expect(await invoke(direct as VariantRoute)).toMatchObject({ body: 'in>second', container: 'c2' })
    expect(first.connections()).toBe(0)
    expect(counted).toEqual(['v 200 whole', 'c2 200 whole'])
    expect(directVariant(variant, 'C2')).toBeUndefined()
    expect(directVariant({ ...variant, containers: [] }, 'c1')).toBeUndefined()
  })

  it('holds the retired instance until it has been answered', async () => {
    const first = await stage('first')
    let answer: (() => void) | undefined
    const second = await answering((response) => {
      answer = () => response.end('done')
    })
    const variant: VariantRoute = { ...of(first, second), mode: 'Direct' }
    const running = invoke(directVariant(variant, 'c2') as VariantRoute)
    await eventually(() => expect(answer).toBeDefined())
    plane.retire(variant.instances[0] as InstanceRoute)
    answer?.()
    await running
    expect(holds).toEqual(['hold i-0', 'release i-0'])
  })
})
