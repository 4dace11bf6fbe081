import { randomUUID } from 'node:crypto'
import { freshBytes } from './fresh-bytes.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A request id in the form AWS uses: a lower-case UUID. */
export const requestId = (): string => randomUUID()

/** `length` random characters of `alphabet`; unbiased while the alphabet's size divides 256, near enough for ids otherwise. */
export function randomText(length: number, alphabet: string = LOWER): string {
  let text = ''
  for (const byte of freshBytes(length)) text += alphabet[byte % alphabet.length]
  return text
}

let lastTime = 0
let counter = 0

/**
 * A UUID (version 7) that ascends with time, and within this process with every call, so that rows written one after the
 * other lie beside each other. `now` in epoch milliseconds.
 */
export function timeOrderedId(now: number): string {
  if (now > lastTime) {
    lastTime = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastTime++
    counter = 0
  }
  const time = lastTime.toString(16).padStart(12, '0')
  const random = freshBytes(8)
  random[0] = ((random[0] as number) & 0x3f) | 0x80
  const tail = random.toString('hex')
  const count = counter.toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** An IAM unique id such as `AIDA…`, `AROA…` or `AKIA…`: the prefix and 16 upper-case characters. */
export const iamUniqueId = (prefix: string): string => prefix + randomText(16, UPPER)

/** The id of one hosting instance, as it appears in log stream names. */
export const instanceId = (): string => `i-${freshBytes(9).toString('hex').slice(0, 17)}`
