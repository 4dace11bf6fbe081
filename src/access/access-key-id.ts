import { randomBytes } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SUFFIX = /^(?:AKIA|ASIA)([A-Z2-7]{16})$/

/**
 * A new access key id: `AKIA…` for a permanent key, `ASIA…` for a temporary one. As in AWS the account is part of it:
 * 40 bits of the 80 that the 16 characters stand for, behind the first.
 */
export function newAccessKeyId(prefix: 'AKIA' | 'ASIA', account: string): string {
  const random = BigInt(`0x${randomBytes(10).toString('hex')}`)
  const bits = (random & ~(0xff_ffff_ffffn << 39n)) | (BigInt(account) << 39n)
  let text = ''
  for (let shift = 75n; shift >= 0n; shift -= 5n) text += ALPHABET[Number((bits >> shift) & 31n)]
  return prefix + text
}

/** The account that an access key id belongs to; undefined when the text is no such id. */
export function accountOfAccessKey(accessKeyId: string): string | undefined {
  const match = SUFFIX.exec(accessKeyId)
  if (match === null) return undefined
  let bits = 0n
  for (const character of match[1]!) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(character))
  const account = ((bits >> 39n) & 0xff_ffff_ffffn).toString().padStart(12, '0')
  return account.length === 12 ? account : undefined
}

/** A new secret access key: 40 characters. */
export const newSecretAccessKey = (): string => randomBytes(30).toString('base64')
