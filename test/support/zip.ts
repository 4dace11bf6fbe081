import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipFileEntry {
  readonly name: string
  readonly content?: string | Uint8Array
  /** Unix mode with the type bits; a regular file that all may read unless said otherwise. */
  readonly mode?: number
  /** For broken zips: what the directory claims instead of the truth. */
  readonly claimedSize?: number
  readonly claimedCrc?: number
  readonly encrypted?: boolean
}

/** A zip archive, or one that lies about its content. */
export function zipOf(...entries: readonly ZipFileEntry[]): Uint8Array {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const content = Buffer.from(entry.content ?? '')
    const packed = deflateRawSync(content)
    const fixed = Buffer.alloc(26)
    fixed.writeUInt16LE(20, 0)
    fixed.writeUInt16LE(0x0800 | (entry.encrypted ? 1 : 0), 2)
    fixed.writeUInt16LE(8, 4)
    fixed.writeUInt16LE(0x21, 8)
    fixed.writeUInt32LE(entry.claimedCrc ?? crc32(content), 10)
    fixed.writeUInt32LE(packed.length, 14)
    fixed.writeUInt32LE(entry.claimedSize ?? content.length, 18)
    fixed.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fixed, name, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), fixed, tail, name]))
    parts.push(local)
    offset += local.length
  }
  const index = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(index.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, index, Buffer.from('PK\x05\x06', 'latin1'), end])
}
