import { createPublicKey, generateKeyPair, hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { bits, boolean, integer, NULL, objectId, octets, sequence, set, tagged, time, utf8 } from './der.ts'

const SHA256_WITH_RSA = sequence(objectId('1.2.840.113549.1.1.11'), NULL)
const COMMON_NAME = objectId('2.5.4.3')
const BASIC_CONSTRAINTS = objectId('2.5.29.19')
const KEY_USAGE = objectId('2.5.29.15')
const SUBJECT_KEY = objectId('2.5.29.14')
const YEARS = 10
const DAY = 24 * 60 * 60_000

export interface CertifiedKey {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly privateKey: string
}

/** Makes a key and a certificate that it signs itself: RSA of 2,048 bits, which SNS's signatures are made with. */
export async function makeCertifiedKey(commonName: string, now: number): Promise<CertifiedKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    certificate: certify(privateKey, commonName, now),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/** Source: RFC 5280, section 4. */
function certify(key: KeyObject, commonName: string, now: number): string {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const name = sequence(set(sequence(COMMON_NAME, utf8(commonName))))
  const extensions = sequence(
    sequence(BASIC_CONSTRAINTS, boolean(true), octets(sequence())),
    // Signatures of documents and nothing else.
    sequence(KEY_USAGE, boolean(true), octets(bits(Buffer.of(0x80), 7))),
    sequence(SUBJECT_KEY, octets(octets(hash('sha1', publicKey, 'buffer')))),
  )
  const certificate = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    SHA256_WITH_RSA,
    name,
    // Clocks of subscribers may be behind.
    sequence(time(new Date(now - DAY)), time(new Date(now + YEARS * 365 * DAY))),
    name,
    publicKey,
    tagged(3, extensions),
  )
  const signed = sequence(certificate, SHA256_WITH_RSA, bits(sign('sha256', certificate, key)))
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
