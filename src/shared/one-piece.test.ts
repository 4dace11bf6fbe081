import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { wroteInOnePiece } from './one-piece.ts'

/** Two ends of a connection. Nothing is read of the second one yet. */
async function connection(): Promise<{ writer: Socket; reader: Socket; done: () => void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const writer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [reader] = (await accepted) as [Socket]
  return { writer, reader, done: () => server.close() }
}

it('joins a text, bytes and a text', async () => {
  const { writer, reader, done } = await connection()
  expect(wroteInOnePiece(writer, '5\r\n', Buffer.from('hello'), '\r\n')).toBe(true)
  expect(wroteInOnePiece(writer, 'caf\xe9', new Uint8Array())).toBe(true)
  writer.end()
  expect((await buffer(reader)).toString('latin1')).toBe('5\r\nhello\r\ncaf\xe9')
  done()
})

it('leaves large bytes where they are', async () => {
  const { writer, reader, done } = await connection()
  expect(wroteInOnePiece(writer, '', Buffer.alloc(8 * 1024 + 1))).toBe(false)
  expect(wroteInOnePiece(writer, 'x'.repeat(100_000), Buffer.alloc(8 * 1024))).toBe(true)
  writer.end()
  expect(await buffer(reader)).toHaveLength(100_000 + 8 * 1024)
  done()
})

it('keeps what the system does not take at once, on several connections', async () => {
  const several = await Promise.all(Array.from({ length: 3 }, connection))
  const sent = several.map(() => '')
  // Until all of them hold back some pieces.
  for (let piece = 0; several.some(({ writer }) => writer.writableLength < 100_000); piece++)
    for (const [index, { writer }] of several.entries()) {
      const text = `${piece}/${index}`.padEnd(1 + ((piece * 997) % 8_000), '.')
      wroteInOnePiece(writer, `<${text.length}>`, Buffer.from(text), '\r\n')
      sent[index] += `<${text.length}>${text}\r\n`
    }
  for (const [index, { writer, reader, done }] of several.entries()) {
    writer.end()
    expect((await buffer(reader)).toString() === sent[index]).toBe(true)
    done()
  }
})

it('holds little more memory for a reader who does not read than waits for him', () => {
  const waiting: Uint8Array[] = []
  const socket = {
    write: (piece: Uint8Array) => waiting.push(piece) < 0,
    get writableLength() {
      return waiting.reduce((sum, { length }) => sum + length, 0)
    },
  } as unknown as Socket
  for (let piece = 0; piece < 2_000; piece++) wroteInOnePiece(socket, '1\r\n', Buffer.from('x'), '\r\n')
  const held = new Set(waiting.map(({ buffer }) => buffer))
  const bytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(bytes).toBeLessThan(socket.writableLength * 2 + 64 * 1024)
})
