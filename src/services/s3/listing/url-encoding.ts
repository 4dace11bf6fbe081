import { invalidArgument } from '../errors.ts'

/** How a list writes keys: as they are, or percent-encoded so that every key survives XML. */
export type KeyEncoding = (text: string) => string

/** The encoding that the parameter `encoding-type` asks for. */
export function keyEncoding(type: string | undefined): KeyEncoding {
  if (type === undefined) return (text) => text
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type)
  return urlEncode
}

/** S3's form: slashes stay, a space is a plus. */
export const urlEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/%2F/g, '/')
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
