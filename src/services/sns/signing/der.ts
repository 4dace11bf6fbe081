/** What a certificate is written in: the distinguished encoding of ASN.1 (ITU-T X.690), as far as one needs it. */

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.of(tag), length(content.length), content])
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size)
  const bytes: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.of(0x80 | bytes.length, ...bytes)
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts)

export const set = (...parts: readonly Uint8Array[]): Buffer => element(0x31, ...parts)

export const NULL: Buffer = element(0x05)

export const boolean = (value: boolean): Buffer => element(0x01, Buffer.of(value ? 0xff : 0))

/** Positive, most significant byte first. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return ((digits[0] ?? 0) & 0x80) === 0 ? element(0x02, digits) : element(0x02, Buffer.of(0), digits)
}

export const octets = (bytes: Uint8Array): Buffer => element(0x04, bytes)

/** Whole bytes, or with some bits of the last one unused. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.of(unused), bytes)

export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text))

/** With a tag of its context: `[n]`, explicit. */
export const tagged = (number: number, content: Uint8Array): Buffer => element(0xa0 | number, content)

/** `2.5.4.3` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of others) {
    const digits = [part & 0x7f]
    for (let rest = part >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return element(0x06, Buffer.from(bytes))
}

/** To the second: up to 2049 in the short form, as certificates demand. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits))
}
