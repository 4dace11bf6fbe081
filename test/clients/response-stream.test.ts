import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FakeContainer, httpContainer } from '../support/fake-container.ts'
import { CREDENTIALS, type InvocationGateway, startInvocationGateway } from '../support/invocation-gateway.ts'
import { runClient } from '../support/python.ts'

let container: FakeContainer
let gateway: InvocationGateway
beforeAll(async () => {
  container = await httpContainer((incoming, response) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const asked = Buffer.concat(parts).toString()
      if (asked === 'refuse') return response.writeHead(422).end('no such prompt')
      response.writeHead(200, { 'content-type': String(incoming.headers.accept) })
      if (asked === 'break') return response.write('half a ', () => response.destroy())
      response.write('every byte: ')
      return response.end(Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256)))
    })
  })
  gateway = await startInvocationGateway()
  const instances = [{ id: 'i-1', address: container.address }]
  gateway.route('chat', { variants: [{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances }] })
})
afterAll(async () => {
  await gateway?.stop()
  await container?.stop()
})

async function stream(body: string) {
  const printed = await runClient(
    'boto3/response_stream.py',
    {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${gateway.port}`,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_MAX_ATTEMPTS: '1',
    },
    [body],
  )
  const seen = JSON.parse(printed) as { parts: string[]; error?: Record<string, string>; content_type?: string }
  return { ...seen, bytes: Buffer.concat(seen.parts.map((part) => Buffer.from(part, 'base64'))) }
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

it('is read by boto3, byte by byte', async () => {
  const { bytes, content_type, error } = await stream('go')
  const expected = Buffer.concat([
    Buffer.from('every byte: '),
    Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256)),
  ])
  expect([sha(bytes), content_type, error]).toEqual([sha(expected), 'text/event-stream', undefined])
})

it('that breaks off is an error to boto3, after what had come', async () => {
  const { bytes, error } = await stream('break')
  expect([bytes.toString(), error?.Code]).toEqual(['half a ', 'ModelStreamError'])
})

it('that never began is a ModelError to boto3', async () => {
  const { error } = await stream('refuse')
  expect([error?.Code, error?.Message]).toEqual(['ModelError', expect.stringContaining('no such prompt')])
})
