import { crc32 } from 'node:zlib'

/**
 * One kind of event-stream message (`application/vnd.amazon.eventstream`): its headers never change, only its payload
 * does. Layout, all numbers big-endian: total length (4), headers length (4), CRC-32 of these (4), headers, payload,
 * CRC-32 of everything before (4). Source: the Smithy specification, "Amazon Event Stream specification".
 */
export interface EventFrame {
  /** Bytes of a message besides its payload. */
  readonly overhead: number
  /** A whole message. */
  message(payload: Uint8Array): Buffer
  /** Writes a message into `target`, which has room for it at `at`; returns where it ends. */
  write(target: Buffer, at: number, payload: Uint8Array): number
}

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const STRING = 7
/** A model that streams tokens has few different lengths; one that does not fills this once. */
const MAX_KNOWN = 1024
/** Up to this size the call of zlib costs more than the checksum. */
const FEW_BYTES = 256

/** What the CRC-32 of each byte adds. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let entry = byte
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ 0xedb88320 : entry >>> 1
  return entry
})

interface KnownLength {
  readonly head: Buffer
  /** The running CRC-32 at the payload's first byte. */
  readonly crc: number
}

/** `headers`: names and string values, in order. */
export function eventFrame(headers: Readonly<Record<string, string>>): EventFrame {
  const encoded = encodeHeaders(headers)
  const overhead = PRELUDE_BYTES + encoded.length + CHECKSUM_BYTES
  const known = new Map<number, KnownLength>()

  function of(length: number): KnownLength {
    let found = known.get(length)
    if (found === undefined) {
      const head = Buffer.allocUnsafe(PRELUDE_BYTES + encoded.length)
      head.writeUInt32BE(overhead + length, 0)
      head.writeUInt32BE(encoded.length, 4)
      head.writeUInt32BE(crc32(head.subarray(0, 8)), 8)
      encoded.copy(head, PRELUDE_BYTES)
      found = { head, crc: crc32(head) }
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(length, found)
    }
    return found
  }

  function write(target: Buffer, at: number, payload: Uint8Array): number {
    const { length } = payload
    const { head, crc } = of(length)
    target.set(head, at)
    const start = at + head.length
    if (length > FEW_BYTES) {
      target.set(payload, start)
      return target.writeUInt32BE(crc32(payload, crc), start + length)
    }
    let state = ~crc
    for (let index = 0; index < length; index++) {
      const byte = payload[index] as number
      target[start + index] = byte
      state = (state >>> 8) ^ (CRC_TABLE[(state ^ byte) & 0xff] as number)
    }
    return target.writeInt32BE(~state, start + length)
  }

  return {
    overhead,
    write,
    message(payload) {
      const message = Buffer.allocUnsafe(overhead + payload.length)
      write(message, 0, payload)
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
