/** A time: CBOR's tag 1, seconds since the epoch. */
export class CborTime {
  readonly seconds: number
  constructor(seconds: number) {
    this.seconds = seconds
  }
}

/** The bytes are no CBOR, or none that a service of AWS sends or takes. */
export class CborError extends Error {
  override readonly name = 'CborError'
}

const MAX_DEPTH = 64
const INDEFINITE = 31
const BREAK = 0xff
const EPOCH_TAG = 1

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads one data item (RFC 8949): numbers, texts, byte strings, lists, maps with texts as keys, tag 1, the simple values
 * false, true, null and undefined. Whole numbers beyond 2^53 come as bigints.
 * @throws CborError for anything else, for bytes that end early, and for bytes that are left over
 */
export function readCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  const value = reader.item(0)
  if (!reader.atEnd) throw new CborError('there are bytes behind the data item')
  return value
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  item(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new CborError(`it is nested more than ${MAX_DEPTH} levels deep`)
    const initial = this.#byte()
    const info = initial & 0x1f
    switch (initial >> 5) {
      case 0:
        return this.#argument(info)
      case 1: {
        const value = this.#argument(info)
        return typeof value === 'bigint' ? -1n - value : -1 - value
      }
      case 2:
        return this.#string(2, info)
      case 3:
        return this.#text(info)
      case 4:
        return this.#list(info, depth)
      case 5:
        return this.#map(info, depth)
      case 6:
        return this.#tagged(info, depth)
      default:
        return this.#simple(info)
    }
  }

  /** A whole number, or how much follows. */
  #argument(info: number): number | bigint {
    if (info < 24) return info
    const at = this.#at
    if (info === 24) return this.#byte()
    if (info === 25) return this.#skip(2) && this.#view.getUint16(at)
    if (info === 26) return this.#skip(4) && this.#view.getUint32(at)
    if (info === 27) {
      this.#skip(8)
      const value = this.#view.getBigUint64(at)
      return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
    }
    throw new CborError('a length or number has no such form')
  }

  /** How many entries follow. Each takes at least `least` bytes, so more than what is left is a lie. */
  #count(info: number, least: number): number {
    const count = Number(this.#argument(info))
    if (count * least > this.#bytes.length - this.#at) throw new CborError('the bytes end too early')
    return count
  }

  #string(major: number, info: number): Uint8Array {
    if (info !== INDEFINITE) return this.#take(this.#count(info, 1))
    const parts: Uint8Array[] = []
    while (!this.#ended()) {
      const initial = this.#byte()
      if (initial >> 5 !== major || (initial & 0x1f) === INDEFINITE) throw new CborError('a string has a foreign part')
      parts.push(this.#take(this.#count(initial & 0x1f, 1)))
    }
    return Buffer.concat(parts)
  }

  #text(info: number): string {
    try {
      return utf8.decode(this.#string(3, info))
    } catch (error) {
      throw error instanceof CborError ? error : new CborError('a text is not UTF-8')
    }
  }

  #list(info: number, depth: number): unknown[] {
    const list: unknown[] = []
    if (info === INDEFINITE) while (!this.#ended()) list.push(this.item(depth + 1))
    else for (let left = this.#count(info, 1); left > 0; left--) list.push(this.item(depth + 1))
    return list
  }

  #map(info: number, depth: number): Record<string, unknown> {
    // The keys are the caller's: an object without prototype takes `__proto__` like any other.
    const map: Record<string, unknown> = Object.create(null)
    const entry = () => {
      const initial = this.#byte()
      if (initial >> 5 !== 3) throw new CborError('the key of a map is no text')
      map[this.#text(initial & 0x1f)] = this.item(depth + 1)
    }
    if (info === INDEFINITE) while (!this.#ended()) entry()
    else for (let left = this.#count(info, 2); left > 0; left--) entry()
    return map
  }

  #tagged(info: number, depth: number): CborTime {
    const tag = this.#argument(info)
    const value = this.item(depth + 1)
    if (tag !== EPOCH_TAG) throw new CborError(`tag ${tag} is not known`)
    if (typeof value !== 'number') throw new CborError('a time is no number')
    return new CborTime(value)
  }

  #simple(info: number): unknown {
    const at = this.#at
    switch (info) {
      case 20:
        return false
      case 21:
        return true
      case 22:
      case 23:
        return null
      case 25:
        this.#skip(2)
        return halfFloat(this.#view.getUint16(at))
      case 26:
        this.#skip(4)
        return this.#view.getFloat32(at)
      case 27:
        this.#skip(8)
        return this.#view.getFloat64(at)
      default:
        throw new CborError('a simple value is not known')
    }
  }

  #ended(): boolean {
    if (this.#bytes[this.#at] !== BREAK) return false
    this.#at++
    return true
  }

  #byte(): number {
    this.#skip(1)
    return this.#bytes[this.#at - 1] as number
  }

  #take(count: number): Uint8Array {
    this.#skip(count)
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  #skip(count: number): number {
    if (this.#bytes.length - this.#at < count) throw new CborError('the bytes end too early')
    this.#at += count
    return count
  }
}

/** IEEE 754 binary16: clients write NaN and the infinities in it. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Builds CBOR, one data item after the other. Lists and maps say how many entries follow them. */
export class CborWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0

  /** What has been written so far. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  integer(value: number): void {
    if (value < 0) this.#head(1, -1 - value)
    else this.#head(0, value)
  }

  double(value: number): void {
    this.#reserve(9)
    this.#bytes[this.#length] = 0xfb
    this.#bytes.writeDoubleBE(value, this.#length + 1)
    this.#length += 9
  }

  boolean(value: boolean): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value ? 0xf5 : 0xf4
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.#head(3, length)
    this.#reserve(length)
    this.#bytes.write(value, this.#length)
    this.#length += length
  }

  bytes(value: Uint8Array): void {
    this.#head(2, value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  list(count: number): void {
    this.#head(4, count)
  }

  map(count: number): void {
    this.#head(5, count)
  }

  /** Seconds since the epoch. */
  time(seconds: number): void {
    this.#head(6, EPOCH_TAG)
    this.double(seconds)
  }

  #head(major: number, argument: number): void {
    this.#reserve(9)
    const initial = major << 5
    const at = this.#length
    if (argument < 24) {
      this.#bytes[at] = initial | argument
      this.#length += 1
    } else if (argument < 0x100) {
      this.#bytes[at] = initial | 24
      this.#bytes[at + 1] = argument
      this.#length += 2
    } else if (argument < 0x1_0000) {
      this.#bytes[at] = initial | 25
      this.#bytes.writeUInt16BE(argument, at + 1)
      this.#length += 3
    } else if (argument < 0x1_0000_0000) {
      this.#bytes[at] = initial | 26
      this.#bytes.writeUInt32BE(argument, at + 1)
      this.#length += 5
    } else {
      this.#bytes[at] = initial | 27
      this.#bytes.writeBigUInt64BE(BigInt(argument), at + 1)
      this.#length += 9
    }
  }

  #reserve(count: number): void {
    if (this.#bytes.length - this.#length >= count) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
