import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSealedBox } from './sealed-box.ts'

describe('a sealed box', () => {
  const box = createSealedBox(randomBytes(32))

  it('gives back what was sealed, and nothing of it to readers', () => {
    const sealed = box.seal('wJalrXUtnFEMI/ü', 'row 1')
    expect(box.unseal(sealed, 'row 1')).toBe('wJalrXUtnFEMI/ü')
    expect(sealed).not.toContain('wJal')
    expect(box.seal('wJalrXUtnFEMI/ü', 'row 1')).not.toBe(sealed)
    expect(box.unseal(box.seal('', 'c'), 'c')).toBe('')
  })

  it('rejects another context and another key', () => {
    const sealed = box.seal('secret', 'row 1')
    expect(box.unseal(sealed, 'row 2')).toBeUndefined()
    expect(createSealedBox(randomBytes(32)).unseal(sealed, 'row 1')).toBeUndefined()
  })

  it('rejects any change, cut or addition', () => {
    const sealed = box.seal('secret', 'c')
    const bytes = Buffer.from(sealed, 'base64url')
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes)
      changed[index]! ^= 1
      expect(box.unseal(changed.toString('base64url'), 'c')).toBeUndefined()
      expect(box.unseal(bytes.subarray(0, index).toString('base64url'), 'c')).toBeUndefined()
    }
    for (const text of [`${sealed}A`, `${sealed}=`, ` ${sealed}`, `${sealed}\n`, '', 'A', '%', sealed.slice(1)]) {
      expect(box.unseal(text, 'c'), text).toBeUndefined()
    }
  })

  it('wants a key of 32 bytes', () => {
    expect(() => createSealedBox(randomBytes(16))).toThrow(TypeError)
  })
})
