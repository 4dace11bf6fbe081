import { createHash } from 'node:crypto'
import { type CrcAlgorithm, createCrc } from '../../shared/crc.ts'

/** The digests that S3 speaks, by the names it gives them. */
export type DigestName = 'MD5' | 'SHA1' | 'SHA256' | CrcAlgorithm

interface Digest {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

const HASHES = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256' } as const

const create = (name: DigestName): Digest =>
  name in HASHES ? createHash(HASHES[name as keyof typeof HASHES]) : createCrc(name as CrcAlgorithm)

/** Several digests over the same bytes. */
export class DigestSet {
  readonly #digests: readonly (readonly [DigestName, Digest])[]

  constructor(names: readonly DigestName[]) {
    this.#digests = [...new Set(names)].map((name) => [name, create(name)])
  }

  update(bytes: Uint8Array): void {
    for (const [, digest] of this.#digests) digest.update(bytes)
  }

  finish(): Record<string, Uint8Array> {
    return Object.fromEntries(this.#digests.map(([name, digest]) => [name, new Uint8Array(digest.digest())]))
  }
}
