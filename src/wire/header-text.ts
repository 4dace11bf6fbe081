/** Characters that may stand in a header's value as they are. */
const PLAIN = /^[\t\x20-\x7e]*$/

/**
 * Makes any text fit for a header. What is not printable ASCII is written as an RFC 2047 word, which is what S3 does
 * with such metadata; a line break can therefore never end the header.
 */
export const toHeaderValue = (text: string): string =>
  PLAIN.test(text) ? text : `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`

/** Node hands header bytes over as Latin-1; clients that send other characters mean UTF-8. */
export function fromHeaderValue(value: string): string {
  if (PLAIN.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? value : text
}
