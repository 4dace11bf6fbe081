import { describe, expect, test } from 'vitest'
import { CborError, CborTime, CborWriter, readCbor } from './cbor.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** From appendix A of RFC 8949, as far as services use it. */
test.each([
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['20', -1],
  ['3903e7', -1000],
  ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['f90000', 0],
  ['f93c00', 1],
  ['f97bff', 65504],
  ['f90001', 2 ** -24],
  ['f9c400', -4],
  ['fa47c35000', 100_000],
  ['fb3ff199999999999a', 1.1],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f9fc00', Number.NEGATIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', null],
  ['4401020304', Buffer.from([1, 2, 3, 4])],
  ['6161', 'a'],
  ['62c3bc', 'ü'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['5f42010243030405ff', Buffer.from([1, 2, 3, 4, 5])],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['c11a514b67b0', new CborTime(1_363_896_240)],
  ['c1fb41d452d9ec200000', new CborTime(1_363_896_240.5)],
])('%s is read', (hex, value) => {
  expect(readCbor(bytes(hex))).toEqual(value)
})

describe('what is refused', () => {
  test.each([
    ['nothing', ''],
    ['a number that ends early', '19 03'],
    ['a text that ends early', '65 6161'],
    ['a list without its entries', '82 01'],
    ['a list of more entries than there are bytes', '9b 0000 7fff ffff ffff 01'],
    ['a text longer than memory', '7b ffff ffff ffff ffff'],
    ['a map of more entries than there are bytes', 'ba ffff ffff'],
    ['a list without an end', '9f 01 02'],
    ['a lone end', 'ff'],
    ['a key that is no text', 'a1 01 02'],
    ['a text that is not UTF-8', '62 c328'],
    ['a part of another kind', '7f 41 01 ff'],
    ['a part without an end of its own', '7f 7f 6161 ff ff'],
    ['another tag', 'c0 6161'],
    ['a time that is a text', 'c1 6161'],
    ['an unknown simple value', 'f0'],
    ['a reserved length', '1c'],
    ['a number without a length', '1f'],
    ['bytes left over', '01 01'],
    ['a deep nest', '81'.repeat(100_000)],
    ['a deep nest without lengths', '9f'.repeat(100_000)],
    ['nested tags', 'c1'.repeat(100_000)],
  ])('%s', (_what, hex) => {
    expect(() => readCbor(bytes(hex))).toThrow(CborError)
  })

  test('any bytes are read or refused, in bounded time', () => {
    let seed = 1
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed
    }
    for (let round = 0; round < 20_000; round++) {
      const noise = Buffer.from(Array.from({ length: 1 + (random() % 24) }, () => random() >> 8))
      try {
        readCbor(noise)
      } catch (error) {
        expect(error).toBeInstanceOf(CborError)
      }
    }
  })

  test('a key is only a key', () => {
    const map = readCbor(bytes('a1 69 5f5f70726f746f5f5f a1 6161 01')) as Record<string, unknown>
    expect(Object.keys(map)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})

test('what is written is read back', () => {
  const writer = new CborWriter()
  const numbers = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -24, -25, -(2 ** 40)]
  const long = 'ü'.repeat(5_000)
  writer.list(6 + numbers.length)
  for (const number of numbers) writer.integer(number)
  writer.double(Number.NaN)
  writer.boolean(true)
  writer.text(long)
  writer.bytes(Buffer.alloc(300, 7))
  writer.time(1.25)
  writer.map(1)
  writer.text('k')
  writer.double(-0.5)
  expect(readCbor(writer.finish())).toEqual([
    ...numbers,
    Number.NaN,
    true,
    long,
    Buffer.alloc(300, 7),
    new CborTime(1.25),
    { k: -0.5 },
  ])
})
