import { randomBytes, randomUUID } from 'node:crypto'

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A request id in the form AWS uses: a lower-case UUID. */
export const requestId = (): string => randomUUID()

/** `length` random characters of `alphabet`; unbiased while the alphabet's size divides 256, near enough for ids otherwise. */
export function randomText(length: number, alphabet: string = LOWER): string {
  let text = ''
  for (const byte of randomBytes(length)) text += alphabet[byte % alphabet.length]
  return text
}

/** An IAM unique id such as `AIDA…`, `AROA…` or `AKIA…`: the prefix and 16 upper-case characters. */
export const iamUniqueId = (prefix: string): string => prefix + randomText(16, UPPER)

/** The id of one hosting instance, as it appears in log stream names. */
export const instanceId = (): string => `i-${randomBytes(9).toString('hex').slice(0, 17)}`
