import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canonicalContext, type EncryptionContext, requireContextSize } from './encryption-context.ts'
import { openEnvelope, readOrigin, sealEnvelope } from './envelope.ts'

const material = randomBytes(32)
const origin = { keyId: randomUUID(), materialId: randomBytes(32).toString('hex') }
const context = { purpose: 'test', bucket: 'b' }
const plaintext = Buffer.from('a secret')

describe('an envelope', () => {
  test('says what it was made with, and opens with that in its context alone', () => {
    const sealed = sealEnvelope(material, origin, plaintext, context)
    expect(readOrigin(sealed)).toEqual(origin)
    expect(openEnvelope(material, sealed, { bucket: 'b', purpose: 'test' })).toEqual(plaintext)
    const others: EncryptionContext[] = [{}, { purpose: 'test' }, { ...context, more: '' }, { ...context, bucket: 'B' }]
    for (const other of others) expect(openEnvelope(material, sealed, other)).toBeUndefined()
    expect(openEnvelope(randomBytes(32), sealed, context)).toBeUndefined()
  })

  test('does not open once any byte of it is another', () => {
    const sealed = sealEnvelope(material, origin, plaintext, context)
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed)
      changed[index]! ^= 1
      expect(openEnvelope(material, changed, context), `byte ${index}`).toBeUndefined()
    }
    for (const cut of [0, 1, 92, sealed.length - 1])
      expect(openEnvelope(material, sealed.subarray(0, cut), context), `${cut} bytes`).toBeUndefined()
    expect(openEnvelope(material, Buffer.concat([sealed, Buffer.of(0)]), context)).toBeUndefined()
  })

  test('is another each time, and hides what it holds', () => {
    const one = sealEnvelope(material, origin, plaintext, {})
    expect(one).not.toEqual(sealEnvelope(material, origin, plaintext, {}))
    expect(one.includes(plaintext)).toBe(false)
    expect(one.includes(material)).toBe(false)
  })

  test('holds from nothing to 4096 bytes in less than 6144', () => {
    for (const size of [0, 1, 4096]) {
      const bytes = randomBytes(size)
      const sealed = sealEnvelope(material, origin, bytes, {})
      expect(sealed.length).toBeLessThan(6144)
      expect(openEnvelope(material, sealed, {})).toEqual(bytes)
    }
  })
})

describe('an encryption context', () => {
  test.each([
    [{ a: 'bc' }, { ab: 'c' }],
    [{ a: '' }, {}],
    [
      { a: 'b', c: 'd' },
      { a: 'd', c: 'b' },
    ],
    [{ a: 'b' }, { A: 'b' }],
    [{ '\u00e9': '1' }, { 'e\u0301': '1' }],
  ])('%j is spelled otherwise than %j', (one: Record<string, string>, other: Record<string, string>) => {
    expect(canonicalContext(one)).not.toEqual(canonicalContext(other))
  })

  test('is spelled alike in whatever order', () => {
    expect(canonicalContext({ a: '1', '\u{1f600}': '2', '\uffff': '3' })).toEqual(
      canonicalContext({ '\uffff': '3', '\u{1f600}': '2', a: '1' }),
    )
  })

  test('has a limit', () => {
    requireContextSize({ key: 'x'.repeat(8_189) })
    expect(() => requireContextSize({ key: 'x'.repeat(8_190) })).toThrow(/8192 bytes/)
  })
})
