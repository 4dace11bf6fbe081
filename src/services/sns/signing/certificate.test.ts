import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeCertifiedKey } from './certificate.ts'

test('a certificate signs itself, is valid for ten years and belongs to its key', async () => {
  const now = Date.UTC(2026, 0, 15, 8)
  const { certificate, privateKey } = await makeCertifiedKey('sns.amazonaws.com', now)
  const read = new X509Certificate(certificate)
  expect(read.subject).toBe('CN=sns.amazonaws.com')
  expect(read.issuer).toBe(read.subject)
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.checkPrivateKey(createPrivateKey(privateKey))).toBe(true)
  expect(read.ca).toBe(false)
  expect(new Date(read.validFrom).getTime()).toBe(now - 86_400_000)
  expect(new Date(read.validTo).getUTCFullYear()).toBe(2036)
  expect(read.serialNumber).not.toBe((await makeCertifiedKey('x', now)).certificate)
  const text = Buffer.from('text')
  expect(verify('sha1', text, read.publicKey, sign('sha1', text, privateKey))).toBe(true)
})

test('times beyond 2049 are written in the long form', async () => {
  const { certificate } = await makeCertifiedKey('x', Date.UTC(2045, 0, 1))
  expect(new Date(new X509Certificate(certificate).validTo).getUTCFullYear()).toBe(2054)
})
