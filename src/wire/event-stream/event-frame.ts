import { crc32 } from 'node:zlib'

/**
 * One kind of event-stream message (`application/vnd.amazon.eventstream`): its headers never change, only its payload
 * does. Layout, all numbers big-endian: total length (4), headers length (4), CRC-32 of these (4), headers, payload,
 * CRC-32 of everything before (4). Source: the Smithy specification, "Amazon Event Stream specification".
 */
export interface EventFrame {
  /** What stands before the payload of `length` bytes. The same buffer for the same length: never to be written to. */
  head(length: number): Buffer
  /** What stands after it. */
  tail(payload: Uint8Array): Buffer
  /** A whole message. */
  message(payload: Uint8Array): Buffer
}

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const STRING = 7
/** A model that streams tokens has few different lengths; one that does not fills this once. */
const MAX_KNOWN = 1024

interface KnownLength {
  readonly head: Buffer
  /** The running CRC-32 at the payload's first byte. */
  readonly crc: number
}

/** `headers`: names and string values, in order. */
export function eventFrame(headers: Readonly<Record<string, string>>): EventFrame {
  const encoded = encodeHeaders(headers)
  const known = new Map<number, KnownLength>()

  function of(length: number): KnownLength {
    let found = known.get(length)
    if (found === undefined) {
      const head = Buffer.allocUnsafe(PRELUDE_BYTES + encoded.length)
      head.writeUInt32BE(head.length + length + CHECKSUM_BYTES, 0)
      head.writeUInt32BE(encoded.length, 4)
      head.writeUInt32BE(crc32(head.subarray(0, 8)), 8)
      encoded.copy(head, PRELUDE_BYTES)
      found = { head, crc: crc32(head) }
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(length, found)
    }
    return found
  }

  function tail(payload: Uint8Array): Buffer {
    const bytes = Buffer.allocUnsafe(CHECKSUM_BYTES)
    bytes.writeUInt32BE(crc32(payload, of(payload.length).crc), 0)
    return bytes
  }

  return {
    head: (length) => of(length).head,
    tail,
    message(payload) {
      const { head, crc } = of(payload.length)
      const message = Buffer.allocUnsafe(head.length + payload.length + CHECKSUM_BYTES)
      head.copy(message)
      message.set(payload, head.length)
      message.writeUInt32BE(crc32(payload, crc), message.length - CHECKSUM_BYTES)
      return message
    },
  }
}

function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(headers).flatMap(([name, value]) => {
    const nameBytes = Buffer.from(name)
    const valueBytes = Buffer.from(value)
    const sizes = Buffer.alloc(3)
    sizes.writeUInt8(STRING, 0)
    sizes.writeUInt16BE(valueBytes.length, 1)
    return [Buffer.from([nameBytes.length]), nameBytes, sizes, valueBytes]
  })
  return Buffer.concat(parts)
}
