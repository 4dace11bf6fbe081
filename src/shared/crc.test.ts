import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type CrcAlgorithm, combineCrcs, createCrc } from './crc.ts'

const crcOf = (algorithm: CrcAlgorithm, ...chunks: Uint8Array[]): Uint8Array => {
  const crc = createCrc(algorithm)
  for (const chunk of chunks) crc.update(chunk)
  return crc.digest()
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** The published check values: the CRC of the nine digits. */
describe.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
] as const)('%s', (algorithm, check) => {
  test('has the published check value', () => {
    expect(hex(crcOf(algorithm, Buffer.from('123456789')))).toBe(check)
  })

  test('does not depend on how the bytes are cut', () => {
    const bytes = randomBytes(1000)
    for (const cut of [0, 1, 3, 7, 8, 9, 500, 993, 1000]) {
      expect(hex(crcOf(algorithm, bytes.subarray(0, cut), bytes.subarray(cut)))).toBe(hex(crcOf(algorithm, bytes)))
    }
  })

  test('is zero of nothing', () => {
    expect(Number(`0x${hex(crcOf(algorithm))}`)).toBe(0)
  })

  test('of a whole follows from its parts', () => {
    const chunks = [0, 1, 4096, 4096, 12345, 0, 17].map((size) => randomBytes(size))
    const parts = chunks.map((chunk) => ({ digest: crcOf(algorithm, chunk), size: chunk.length }))
    expect(hex(combineCrcs(algorithm, parts))).toBe(hex(crcOf(algorithm, Buffer.concat(chunks))))
  })
})
