import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { type FakeContainer, httpContainer, socketContainer } from '../../../test/support/fake-container.ts'
import { type InvocationGateway, startInvocationGateway } from '../../../test/support/invocation-gateway.ts'

const MIB = 1024 * 1024

let gateway: InvocationGateway
const started: FakeContainer[] = []
beforeAll(async () => {
  gateway = await startInvocationGateway({ containerSeconds: 1, streamSeconds: 1 })
})
afterAll(() => gateway?.stop())
afterEach(async () => {
  await Promise.all(started.splice(0).map((container) => container.stop()))
})

const http = async (...given: Parameters<typeof httpContainer>) => {
  const container = await httpContainer(...given)
  started.push(container)
  return container
}

const passing = () =>
  http((incoming, response) => {
    response.setHeader('Content-Type', 'text/passed')
    incoming.pipe(response)
  })

let made = 0
/** An endpoint of its own whose one instance has these containers. */
function endpoint(containers: readonly FakeContainer[], mode: 'Serial' | 'Direct' = 'Serial'): string {
  const name = `line-${made++}`
  const placed = containers.map(({ address }, index) => ({ name: `c${index + 1}`, address }))
  const instances = [{ id: 'i-1', address: placed[0]?.address ?? '', containers: placed }]
  const variant = { name: 'v', weight: 1, share: 1, strategy: 'RANDOM', mode, containers: placed, instances } as const
  gateway.route(name, { variants: [variant] })
  return name
}

describe('a pipeline', () => {
  it('answers with what its last container says', async () => {
    const answer = await gateway.invoke(endpoint([await passing(), await passing()]), 'x'.repeat(100_000))
    expect([answer.status, answer.text.length]).toEqual([200, 100_000])
    expect(answer.headers.get('content-type')).toBe('text/passed')
  })

  it('names the container that has refused, broken off, or taken too long', async () => {
    const refusing = await http((incoming, response) => {
      incoming.resume().on('end', () => response.writeHead(400).end('not a number'))
    })
    const breaking = await socketContainer((socket) => socket.once('data', () => socket.destroy()))
    const silent = await socketContainer((socket) => socket.resume())
    started.push(breaking, silent)
    for (const [second, sentence, status] of [
      [refusing, 'Received client error (400) from c2 with message "not a number".', 400],
      [breaking, 'Received server error (0) from c2 and could not load the entire response body.', 0],
      [silent, 'timed out while waiting for a response from container c2.', 0],
    ] as const) {
      const answer = await gateway.invoke(endpoint([await passing(), second, await passing()]))
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([424, 'ModelError'])
      expect(answer.json.Message).toContain(sentence)
      expect(answer.json.OriginalStatusCode).toBe(status)
    }
  })

  it('says between which containers a body was too large', async () => {
    const large = await http((incoming, response) => {
      incoming.resume().on('end', () => response.end(Buffer.alloc(6 * MIB)))
    })
    const answer = await gateway.invoke(endpoint([await passing(), large, await passing()]))
    expect(answer.status).toBe(424)
    expect(answer.json.Message).toContain(
      `Received response from c2 with status code 200. However, the request payload from c2 to c3 is ${6 * MIB} bytes, which has exceeded the maximum limit of 5 MB.`,
    )
  })

  it('streams what its last container says, and names in the stream nothing that it has not begun', async () => {
    const first = await passing()
    const last = await http((incoming, response) => {
      incoming.resume().on('end', () => response.write('half', () => response.destroy()))
    })
    const path = `/endpoints/${endpoint([first, last])}/invocations-response-stream`
    const answer = await gateway.invoke(path)
    expect(answer.status).toBe(200)
    expect(answer.text).toMatch(/half[\s\S]*ModelStreamError[\s\S]*StreamBroken/)
  })

  it('says in the stream between which containers a body became too large', async () => {
    const first = await http((incoming, response) => {
      incoming.resume().on('end', () => {
        for (let part = 0; part < 6; part++) response.write(Buffer.alloc(MIB))
      })
    })
    const last = await http((incoming, response) => {
      incoming.on('error', () => {}).resume()
      response.write('begun')
    })
    const answer = await gateway.invoke(`/endpoints/${endpoint([first, last])}/invocations-response-stream`)
    expect(answer.status).toBe(200)
    expect(answer.text).toMatch(/begun[\s\S]*ModelStreamError[\s\S]*from c1 to c2 is \d+ bytes/)
  })

  it('is ended as a whole within a second when the caller leaves in mid-stream', async () => {
    const dripping = () =>
      http((incoming, response) => {
        incoming.on('error', () => {}).resume()
        response.write(Buffer.alloc(MIB, 'x'))
      })
    const containers = [await dripping(), await dripping(), await dripping()]
    const path = `/endpoints/${endpoint(containers)}/invocations-response-stream`
    const sent = request({ port: gateway.port, method: 'POST', path, headers: gateway.signed(path, 'hello') })
    sent.on('error', () => {})
    await new Promise((resolve) => sent.on('response', resolve).end('hello'))
    expect(containers.every(({ open }) => open.size === 1)).toBe(true)
    const left = performance.now()
    sent.destroy()
    await eventually(() => expect(containers.map(({ open }) => open.size)).toEqual([0, 0, 0]))
    expect(performance.now() - left).toBeLessThan(1_000)
  })
})

describe('direct invocation', () => {
  const TARGET = 'x-amzn-sagemaker-target-container-hostname'

  it('goes to the container that the request names, in either operation', async () => {
    const [first, second] = [await passing(), await passing()]
    const name = endpoint([first, second], 'Direct')
    expect((await gateway.invoke(name, 'hello', { [TARGET]: 'c2' })).text).toBe('hello')
    const stream = `/endpoints/${name}/invocations-response-stream`
    expect((await gateway.invoke(stream, 'hello', { [TARGET]: 'c2' })).text).toContain('hello')
    expect([first.connections(), second.connections()]).toEqual([0, 1])
  })

  it('names the container that has failed', async () => {
    const failing = await http((incoming, response) => {
      incoming.resume().on('end', () => response.writeHead(500).end('no'))
    })
    const answer = await gateway.invoke(endpoint([await passing(), failing], 'Direct'), 'x', { [TARGET]: 'c2' })
    expect(answer.json.Message).toContain('Received server error (500) from c2 with message "no".')
  })

  it('is refused without a name, with one that is unknown or malformed, and where there is nothing to name', async () => {
    const containers = [await passing(), await passing()]
    const [direct, serial] = [endpoint(containers, 'Direct'), endpoint(containers)]
    for (const [name, headers, sentence] of [
      [direct, {}, 'TargetContainerHostname must be specified'],
      [direct, { [TARGET]: 'c3' }, `Container c3 was not found in endpoint ${direct}.`],
      [direct, { [TARGET]: 'C1' }, 'was not found'],
      [direct, { [TARGET]: '' }, 'failed to satisfy constraint'],
      [direct, { [TARGET]: '-' }, 'failed to satisfy constraint'],
      [direct, { [TARGET]: 'x'.repeat(64) }, 'failed to satisfy constraint'],
      [serial, { [TARGET]: 'c1' }, 'is not configured for direct invocation'],
    ] as const) {
      const answer = await gateway.invoke(name, 'x', headers)
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError'])
      expect(answer.json.Message).toContain(sentence)
    }
    expect(containers.map((container) => container.connections())).toEqual([0, 0])
  })
})
