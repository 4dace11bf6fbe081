import { expect, it } from 'vitest'
import { eventFrame } from './event-frame.ts'

// By the worked layout of the specification: lengths and checksums computed by hand with another CRC-32.
it('lays a message out as the specification says', () => {
  const message = eventFrame({ ':event-type': 'PayloadPart' }).message(Buffer.from('hello'))
  const headers = Buffer.from('\x0b:event-type\x07\x00\x0bPayloadPart', 'latin1')
  expect(message.readUInt32BE(0)).toBe(message.length)
  expect(message.readUInt32BE(4)).toBe(headers.length)
  expect(message.subarray(12, 12 + headers.length)).toEqual(headers)
  expect(message.subarray(12 + headers.length, -4).toString()).toBe('hello')
  expect(message.readUInt32BE(8)).toBe(slowCrc(message.subarray(0, 8)))
  expect(message.readUInt32BE(message.length - 4)).toBe(slowCrc(message.subarray(0, -4)))
})

it('writes messages one behind the other, of any length and again', () => {
  const frame = eventFrame({ ':message-type': 'event' })
  const room = Buffer.alloc(256 * 1024)
  let end = 7
  for (const length of [0, 1, 40, 255, 256, 257, 65_536, 40]) {
    const payload = Buffer.from(Array.from({ length }, (_, index) => (index * 7 + length) & 0xff))
    const start = end
    end = frame.write(room, start, payload)
    const message = room.subarray(start, end)
    expect(message).toEqual(frame.message(payload))
    expect(message.length).toBe(frame.overhead + length)
    expect(message.subarray(-4 - length, -4)).toEqual(payload)
    expect(message.readUInt32BE(message.length - 4)).toBe(slowCrc(message.subarray(0, -4)))
  }
  // Nothing but the messages has been written.
  expect(room.subarray(0, 7)).toEqual(Buffer.alloc(7))
  expect(room[end]).toBe(0)
})

/** CRC-32 bit by bit. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
