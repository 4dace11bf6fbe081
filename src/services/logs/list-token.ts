import { badNextToken } from './errors.ts'

/** Packs where a list goes on into the opaque text that clients hand back. */
export const encodeListToken = (position: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** Whether any database can compare a text or integer column with it. */
const isColumnValue = (part: unknown): boolean => typeof part === 'string' || Number.isSafeInteger(part)

/** Unpacks a list token of exactly these types; anything else is the API's error about the token. */
export function decodeListToken<const Shape extends readonly ('string' | 'number')[]>(
  token: string,
  shape: Shape,
): { -readonly [Index in keyof Shape]: Shape[Index] extends 'string' ? string : number } {
  let position: unknown
  try {
    position = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    throw badNextToken()
  }
  if (!Array.isArray(position) || position.length !== shape.length) throw badNextToken()
  if (!position.every((part, index) => typeof part === shape[index] && isColumnValue(part))) throw badNextToken()
  return position as never
}
