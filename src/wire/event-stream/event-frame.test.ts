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

it('gives the same bytes in parts, for any length and again', () => {
  const frame = eventFrame({ ':message-type': 'event' })
  for (const length of [0, 1, 40, 65_536, 40]) {
    const payload = Buffer.alloc(length, 'x')
    expect(Buffer.concat([frame.head(length), payload, frame.tail(payload)])).toEqual(frame.message(payload))
  }
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
