import { hash } from 'node:crypto'

const FORMS: Readonly<Record<string, RegExp>> = { sha256: /^[0-9a-f]{64}$/, sha512: /^[0-9a-f]{128}$/ }

/** Whether the text is a digest of an algorithm that can be checked here. */
export function isDigest(text: string): boolean {
  const colon = text.indexOf(':')
  return FORMS[text.slice(0, colon)]?.test(text.slice(colon + 1)) === true
}

/** `sha256:<hex>` of the bytes. */
export const sha256Digest = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`

/** Whether `digest` (see isDigest) is that of the bytes. */
export function matchesDigest(bytes: Uint8Array, digest: string): boolean {
  const colon = digest.indexOf(':')
  return isDigest(digest) && hash(digest.slice(0, colon), bytes, 'hex') === digest.slice(colon + 1)
}
