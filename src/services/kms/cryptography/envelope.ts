import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { canonicalContext, type EncryptionContext } from './encryption-context.ts'

/**
 * The form of a ciphertext:
 *
 *     version 1 | key id 16 | material id 32 | salt 16 | iv 12 | encrypted bytes | tag 16
 *
 * Everything in front of the encrypted bytes, and the encryption context, is bound by the tag.
 */
const VERSION = 1
const KEY_ID = { start: 1, end: 17 }
const MATERIAL_ID = { start: 17, end: 49 }
const SALT = { start: 49, end: 65 }
const IV = { start: 65, end: 77 }
const HEADER = 77
const TAG = 16

/** Which key, and which of its materials, a ciphertext was made with. */
export interface CiphertextOrigin {
  /** A UUID. */
  readonly keyId: string
  /** 64 hexadecimal digits. */
  readonly materialId: string
}

/** Encrypts under a material of 32 bytes. */
export function sealEnvelope(
  material: Uint8Array,
  { keyId, materialId }: CiphertextOrigin,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  const header = Buffer.concat([
    Buffer.of(VERSION),
    Buffer.from(keyId.replaceAll('-', ''), 'hex'),
    Buffer.from(materialId, 'hex'),
    randomBytes(SALT.end - SALT.start),
    randomBytes(IV.end - IV.start),
  ])
  if (header.length !== HEADER) throw new TypeError('a key id is a UUID and a material id has 64 hexadecimal digits')
  const cipher = createCipheriv('aes-256-gcm', messageKey(material, header), header.subarray(IV.start, IV.end))
  cipher.setAAD(Buffer.concat([header, canonicalContext(context)]))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** What a ciphertext says of itself; undefined when it is none. Nothing of it is to be believed until it is opened. */
export function readOrigin(ciphertext: Uint8Array): CiphertextOrigin | undefined {
  if (ciphertext.length < HEADER + TAG || ciphertext[0] !== VERSION) return undefined
  const hex = Buffer.from(ciphertext.subarray(KEY_ID.start, KEY_ID.end)).toString('hex')
  return {
    keyId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    materialId: Buffer.from(ciphertext.subarray(MATERIAL_ID.start, MATERIAL_ID.end)).toString('hex'),
  }
}

/** Undefined when the ciphertext was changed, or made under another material or for another context. */
export function openEnvelope(
  material: Uint8Array,
  ciphertext: Uint8Array,
  context: EncryptionContext,
): Buffer | undefined {
  if (readOrigin(ciphertext) === undefined) return undefined
  const header = ciphertext.subarray(0, HEADER)
  const decipher = createDecipheriv('aes-256-gcm', messageKey(material, header), header.subarray(IV.start, IV.end))
  decipher.setAAD(Buffer.concat([header, canonicalContext(context)])).setAuthTag(ciphertext.subarray(-TAG))
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(HEADER, -TAG)), decipher.final()])
  } catch {
    return undefined
  }
}

/** Every message has a key of its own, because random ivs under one key are safe for only so many messages. */
const messageKey = (material: Uint8Array, header: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', material, header.subarray(SALT.start, SALT.end), 'slipway kms envelope', 32))
