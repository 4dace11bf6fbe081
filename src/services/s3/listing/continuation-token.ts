import { crc32 } from 'node:zlib'
import { invalidArgument } from '../errors.ts'

/** Where the next page of a list starts: behind a key, or behind everything that starts with a common prefix. */
export interface ListPosition {
  readonly kind: 'key' | 'prefix'
  readonly value: string
}

/** An opaque token for a position. The checksum in it tells a token from any other text. */
export function encodeToken(position: ListPosition): string {
  const text = Buffer.from(`${position.kind === 'key' ? 'k' : 'p'}${position.value}`)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(text))
  return Buffer.concat([sum, text]).toString('base64url')
}

/** @throws InvalidArgument for a text that is no token of ours. */
export function decodeToken(token: string): ListPosition {
  const bytes = Buffer.from(token, 'base64url')
  const text = bytes.subarray(4)
  const kind = { k: 'key', p: 'prefix' }[String.fromCharCode(text[0] ?? 0)] as ListPosition['kind'] | undefined
  if (bytes.length < 5 || kind === undefined || bytes.readUInt32BE() !== crc32(text)) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token)
  }
  return { kind, value: text.subarray(1).toString() }
}
