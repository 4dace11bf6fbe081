import { createHmac, hash } from 'node:crypto'

const BLOCK = 64
const ROOM = 1024

/**
 * HMAC-SHA256 under one key. Two one-shot hashes over prepared buffers cost about half of what `createHmac` does; a
 * request is verified with one such call.
 */
export class HmacKey {
  readonly #key: Uint8Array
  readonly #inner: Buffer
  readonly #outer: Buffer

  constructor(key: Uint8Array) {
    this.#key = key
    this.#inner = Buffer.alloc(BLOCK + ROOM)
    this.#outer = Buffer.alloc(BLOCK + 32)
    for (let index = 0; index < BLOCK; index++) {
      const byte = key[index] ?? 0
      this.#inner[index] = byte ^ 0x36
      this.#outer[index] = byte ^ 0x5c
    }
  }

  /** The HMAC of a text of one-byte characters, as lower-case hex. */
  sign(text: string): string {
    if (text.length > ROOM) return createHmac('sha256', this.#key).update(text, 'latin1').digest('hex')
    const end = BLOCK + this.#inner.write(text, BLOCK, 'latin1')
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK, 'latin1')
    return hash('sha256', this.#outer, 'hex')
  }
}

const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Derives the key that signs on `date` (`YYYYMMDD`) in a region for a service. */
export function deriveSigningKey(secretAccessKey: string, date: string, region: string, service: string): HmacKey {
  const regional = hmac(hmac(`AWS4${secretAccessKey}`, date), region)
  return new HmacKey(hmac(hmac(regional, service), 'aws4_request'))
}

/** What a signing key belongs to; `text` is the credential as the request names it, `KEY/DATE/REGION/SERVICE/aws4_request`. */
export interface CredentialScope {
  readonly text: string
  readonly date: string
  readonly region: string
  readonly service: string
}

const LIMIT = 2_000
const cache = new Map<string, { readonly secret: string; readonly key: HmacKey }>()

/** The signing key for a credential, derived once a day and scope; at most 2,000 are kept, the oldest goes first. */
export function signingKey(scope: CredentialScope, secretAccessKey: string): HmacKey {
  const known = cache.get(scope.text)
  // An access key id belongs to one secret, but the cache must not be what relies on it.
  if (known !== undefined && known.secret === secretAccessKey) return known.key
  const key = deriveSigningKey(secretAccessKey, scope.date, scope.region, scope.service)
  if (cache.size >= LIMIT) for (const oldest of cache.keys()) if (cache.delete(oldest)) break
  cache.set(scope.text, { secret: secretAccessKey, key })
  return key
}
