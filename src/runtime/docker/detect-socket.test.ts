import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { detectEngine, negotiateVersion } from './detect-socket.ts'
import { createEngineClient } from './engine-client.ts'

let directory: string
const servers: Server[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slw-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  rmSync(directory, { recursive: true })
})

const signal = () => AbortSignal.timeout(10_000)

async function listen(name: string, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  const path = join(directory, name)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  servers.push(server)
  return path
}
const engine =
  (headers: Record<string, string>): RequestListener =>
  (_request, response) =>
    response.writeHead(200, headers).end('OK')

describe('detectEngine', () => {
  it('finds Docker and its version', async () => {
    const path = await listen('d.sock', engine({ 'api-version': '1.41' }))
    expect(await detectEngine({ socket: `unix://${path}`, signal: signal() })).toEqual({
      address: { kind: 'unix', path },
      flavour: 'docker',
      apiVersion: '1.41',
    })
  })

  it('knows Podman by its header', async () => {
    const path = await listen('p.sock', engine({ 'api-version': '1.41', 'libpod-api-version': '4.3.1' }))
    const environment = { DOCKER_HOST: `unix://${path}` }
    expect((await detectEngine({ environment, signal: signal() })).flavour).toBe('podman')
  })

  it.each([
    [
      'something else answers',
      () => listen('x.sock', (_q, response) => response.writeHead(404).end()),
      /not as a container engine/,
    ],
    ['nothing is there', async () => join(directory, 'absent.sock'), /cannot be reached/],
    ['it hangs', () => listen('h.sock', () => {}), /did not answer GET \/_ping in time/],
  ])('says so when %s', async (_what, prepare, message) => {
    const socket = await prepare()
    const detecting = detectEngine({ socket, signal: signal() })
    await expect(detecting).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringMatching(message) })
    await expect(detecting).rejects.toThrow(socket)
  })

  // Root may use any socket.
  it.skipIf(process.getuid?.() === 0)('says so when the socket is another’s', async () => {
    const path = await listen('r.sock', engine({ 'api-version': '1.41' }))
    chmodSync(path, 0)
    await expect(detectEngine({ socket: path, signal: signal() })).rejects.toThrow(/No permission/)
  })

  it('refuses an address that is none with its reason', async () => {
    const environment = { DOCKER_HOST: 'ssh://me@host' }
    await expect(detectEngine({ environment, signal: signal() })).rejects.toThrow(/ssh:\/\/me@host is neither/)
  })
})

describe('negotiateVersion', () => {
  it.each([
    ['1.40', '1.40'],
    ['1.41', '1.41'],
    ['1.47', '1.47'],
    ['1.52', '1.47'],
    ['2.0', '1.47'],
  ])('speaks with %s in %s', (offered, spoken) => {
    expect(negotiateVersion(offered)).toBe(spoken)
  })

  it.each(['1.39', '1.9', 'new', ''])('refuses %j', (offered) => {
    expect(() => negotiateVersion(offered)).toThrow(/API/)
  })
})

describe('createEngineClient', () => {
  const answering = async (status: number, body: string) => {
    const path = await listen('c.sock', (_request, response) => response.writeHead(status).end(body))
    return createEngineClient({ kind: 'unix', path }, '/v1.41')
  }

  it.each([
    ['{"message":"No such image: x"}', 404, 'No such image: x', 'not-found'],
    ['{"cause":"c","message":"no such container","response":404}', 404, 'no such container', 'not-found'],
    ['plain text\n', 500, 'plain text', 'other'],
    ['', 502, 'status 502', 'other'],
  ])('turns %j into an error', async (body, status, message, reason) => {
    const client = await answering(status, body)
    await expect(client.json('GET', '/x', { signal: signal() })).rejects.toMatchObject({ status, message, reason })
    await expect(client.open('GET', '/x', { signal: signal() })).rejects.toMatchObject({ status, message, reason })
    await client.close()
  })

  it('does not take nonsense for JSON', async () => {
    const client = await answering(200, '<html>')
    await expect(client.json('GET', '/x', { signal: signal() })).rejects.toThrow(/not JSON/)
    await client.close()
  })

  it('gives the caller’s own reason when it gives up', async () => {
    const path = await listen('s.sock', () => {})
    const client = createEngineClient({ kind: 'unix', path }, '')
    const given = new AbortController()
    const waiting = client.json('GET', '/x', { signal: given.signal })
    given.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    await client.close()
  })
})
