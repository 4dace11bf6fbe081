import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerHead } from './answer-head.ts'

/** What node:http writes of a head with these headers; the time is taken out. */
let node: Server
let asked: { readonly status: number; readonly headers: readonly string[] }

beforeAll(async () => {
  node = createServer((_request, response) => response.writeHead(asked.status, [...asked.headers]).flushHeaders())
  node.keepAliveTimeout = 72_000
  node.listen(0, '127.0.0.1')
  await new Promise((resolve) => node.once('listening', resolve))
})
afterAll(() => {
  node.closeAllConnections()
  node.close()
})

const undated = (head: string): string => head.replace(/Date: .*\r\n/, 'Date: -\r\n')

async function nodes(status: number, headers: readonly string[]): Promise<string> {
  asked = { status, headers }
  const socket = connect((node.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.on('data', (bytes) => {
    if (bytes.includes('\r\n\r\n')) socket.end()
  })
  socket.once('data', () => node.closeAllConnections())
  return undated(await text(socket).catch(() => ''))
}

it.each([
  [200, ['x-amzn-RequestId', 'a-b', 'Content-Type', 'text/plain', 'Content-Length', '0']],
  [200, ['x-amzn-RequestId', 'c-d', 'Content-Type', 'text/plain', 'Content-Length', '12']],
  [200, ['x-amzn-RequestId', 'c-d', 'Content-Type', 'text/csv', 'Content-Length', '12']],
  [424, ['x-amzn-RequestId', 'c-d', 'Content-Type', 'text/csv', 'Content-Length', '12']],
  [200, ['x-amzn-RequestId', 'e-f', 'X-Amzn-SageMaker-Content-Type', 'text/csv']],
  [200, ['Content-Length', '7']],
  [200, ['Content-Length', '8']],
  [200, []],
  [599, ['X-Cafe', 'caf\xe9']],
])('is written as node:http writes it, whatever came before: %i %j', async (status, headers) => {
  const facts = { status, keepAlive: true, idleSeconds: 72 }
  const { text: head, chunked } = answerHead(facts, headers)
  expect(undated(head)).toBe(await nodes(status, headers))
  expect(undated(answerHead(facts, headers).text)).toBe(undated(head))
  expect(chunked).toBe(!headers.includes('Content-Length'))
})

it('says that the connection ends', () => {
  const headers = ['Content-Length', '1']
  expect(answerHead({ status: 200, keepAlive: true, idleSeconds: 5 }, headers).text).toContain('timeout=5\r\n')
  expect(answerHead({ status: 200, keepAlive: false, idleSeconds: 5 }, headers).text).toContain('Connection: close\r\n')
})

it.each([0, 1, 2])('holds nothing that could end a line, in header %i', (index) => {
  const headers = ['A', '1', 'B', '2', 'C', '3']
  const facts = { status: 200, keepAlive: true, idleSeconds: 1 }
  answerHead(facts, headers)
  for (const bad of ['x\r\nInjected: 1', 'x\n', '\0', 'ł'])
    expect(() => answerHead(facts, headers.with(index * 2 + 1, bad))).toThrow(`the header ${'ABC'[index]} holds`)
})
