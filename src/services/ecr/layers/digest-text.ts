import { hash } from 'node:crypto'

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** The digests that the registry knows: SHA-256 in lower-case hex. */
export const isDigest = (text: string): boolean => DIGEST.test(text)

export const digestText = (sha256: Uint8Array): string => `sha256:${Buffer.from(sha256).toString('hex')}`

/** The digest of bytes in memory. */
export const digestOf = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes)}`
