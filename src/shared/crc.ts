import { crc32 } from 'node:zlib'

/** A running cyclic redundancy check over the bytes it has been fed. */
export interface Crc {
  update(bytes: Uint8Array): void
  /** Big-endian, as S3 writes it before Base64. */
  digest(): Uint8Array
}

/** Reflected polynomial and width of each CRC that S3 speaks. */
const POLYNOMIALS = {
  CRC32: { width: 32n, polynomial: 0xedb88320n },
  CRC32C: { width: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const

export type CrcAlgorithm = keyof typeof POLYNOMIALS

/** Starts a CRC. CRC32 runs in zlib; the others take eight bytes a step from lookup tables. */
export function createCrc(algorithm: CrcAlgorithm): Crc {
  if (algorithm === 'CRC32') return createCrc32()
  return algorithm === 'CRC32C' ? createCrc32c() : createCrc64()
}

function createCrc32(): Crc {
  let crc = 0
  return {
    update: (bytes) => {
      crc = crc32(bytes, crc)
    },
    digest: () => bigEndian(BigInt(crc), 4),
  }
}

function createCrc32c(): Crc {
  const tables = castagnoliTables()
  let crc = -1
  return {
    update: (bytes) => {
      let state = crc
      const words = bytes.length - (bytes.length & 7)
      let at = 0
      for (; at < words; at += 8) {
        state =
          tables[1792 + ((state ^ bytes[at]!) & 255)]! ^
          tables[1536 + (((state >>> 8) ^ bytes[at + 1]!) & 255)]! ^
          tables[1280 + (((state >>> 16) ^ bytes[at + 2]!) & 255)]! ^
          tables[1024 + ((state >>> 24) ^ bytes[at + 3]!)]! ^
          tables[768 + bytes[at + 4]!]! ^
          tables[512 + bytes[at + 5]!]! ^
          tables[256 + bytes[at + 6]!]! ^
          tables[bytes[at + 7]!]!
      }
      for (; at < bytes.length; at++) state = (state >>> 8) ^ tables[(state ^ bytes[at]!) & 255]!
      crc = state
    },
    digest: () => bigEndian(BigInt(~crc >>> 0), 4),
  }
}

/** JavaScript has no 64-bit integer that is fast, so state and tables are kept as two halves. */
function createCrc64(): Crc {
  const { low: lows, high: highs } = nvmeTables()
  let low = -1
  let high = -1
  return {
    update: (bytes) => {
      let l = low
      let h = high
      const words = bytes.length - (bytes.length & 7)
      let at = 0
      for (; at < words; at += 8) {
        const a = 1792 + ((l ^ bytes[at]!) & 255)
        const b = 1536 + (((l >>> 8) ^ bytes[at + 1]!) & 255)
        const c = 1280 + (((l >>> 16) ^ bytes[at + 2]!) & 255)
        const d = 1024 + ((l >>> 24) ^ bytes[at + 3]!)
        const e = 768 + ((h ^ bytes[at + 4]!) & 255)
        const f = 512 + (((h >>> 8) ^ bytes[at + 5]!) & 255)
        const g = 256 + (((h >>> 16) ^ bytes[at + 6]!) & 255)
        const i = (h >>> 24) ^ bytes[at + 7]!
        l = lows[a]! ^ lows[b]! ^ lows[c]! ^ lows[d]! ^ lows[e]! ^ lows[f]! ^ lows[g]! ^ lows[i]!
        h = highs[a]! ^ highs[b]! ^ highs[c]! ^ highs[d]! ^ highs[e]! ^ highs[f]! ^ highs[g]! ^ highs[i]!
      }
      for (; at < bytes.length; at++) {
        const index = (l ^ bytes[at]!) & 255
        l = ((l >>> 8) | (h << 24)) ^ lows[index]!
        h = (h >>> 8) ^ highs[index]!
      }
      low = l
      high = h
    },
    digest: () => bigEndian((BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0), 8),
  }
}

let castagnoli: Int32Array | undefined
const castagnoliTables = (): Int32Array => {
  castagnoli ??= Int32Array.from(slicingTables('CRC32C'), (entry) => Number(BigInt.asIntN(32, entry)))
  return castagnoli
}

let nvme: { low: Int32Array; high: Int32Array } | undefined
function nvmeTables(): { low: Int32Array; high: Int32Array } {
  if (nvme === undefined) {
    const entries = slicingTables('CRC64NVME')
    nvme = {
      low: Int32Array.from(entries, (entry) => Number(BigInt.asIntN(32, entry))),
      high: Int32Array.from(entries, (entry) => Number(BigInt.asIntN(32, entry >> 32n))),
    }
  }
  return nvme
}

/** Eight tables of 256: table k holds the effect of a byte that is followed by k zero bytes. */
function slicingTables(algorithm: CrcAlgorithm): bigint[] {
  const { polynomial } = POLYNOMIALS[algorithm]
  const tables: bigint[] = []
  for (let byte = 0; byte < 256; byte++) {
    let entry = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) entry = entry & 1n ? (entry >> 1n) ^ polynomial : entry >> 1n
    tables.push(entry)
  }
  for (let index = 256; index < 2048; index++) {
    const before = tables[index - 256]!
    tables.push((before >> 8n) ^ tables[Number(before & 255n)]!)
  }
  return tables
}

/**
 * The CRC of a whole from the CRCs of its consecutive parts, without reading them again: each step multiplies what is
 * known by x^(8·length) modulo the polynomial. Parts of equal size, the usual case, share that factor.
 */
export function combineCrcs(
  algorithm: CrcAlgorithm,
  parts: readonly { readonly digest: Uint8Array; readonly size: number }[],
): Uint8Array {
  const { width } = POLYNOMIALS[algorithm]
  const factors = new Map<number, bigint>()
  let whole = 0n
  for (const part of parts) {
    let factor = factors.get(part.size)
    if (factor === undefined) {
      factor = shiftFactor(algorithm, part.size)
      factors.set(part.size, factor)
    }
    whole = multiply(algorithm, factor, whole) ^ BigInt(`0x${Buffer.from(part.digest).toString('hex')}`)
  }
  return bigEndian(whole, Number(width / 8n))
}

/** x^(8·bytes) modulo the polynomial, by repeated squaring. */
function shiftFactor(algorithm: CrcAlgorithm, bytes: number): bigint {
  const { width } = POLYNOMIALS[algorithm]
  // Reflected: the top bit stands for x^0, so x^8 is eight places below it.
  let square = 1n << (width - 9n)
  let factor = 1n << (width - 1n)
  for (let exponent = BigInt(bytes); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) factor = multiply(algorithm, square, factor)
    square = multiply(algorithm, square, square)
  }
  return factor
}

/** Product of two reflected polynomials modulo the CRC's. */
function multiply(algorithm: CrcAlgorithm, left: bigint, right: bigint): bigint {
  const { width, polynomial } = POLYNOMIALS[algorithm]
  let product = 0n
  let shifted = right
  for (let bit = width - 1n; bit >= 0n; bit--) {
    if ((left >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}

const bigEndian = (value: bigint, bytes: number): Uint8Array =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex')
