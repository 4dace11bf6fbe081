// XML 1.0 has no way to write most control characters. S3 writes them as references all the same, and clients that
// list keys ask for `encoding-type=url`; a carriage return must be a reference or parsers turn it into a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\ufffe\uffff]/g

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Escapes text for an element or a quoted attribute. */
export const escapeXml = (text: string): string =>
  text.toWellFormed().replace(SPECIAL, (character) => NAMED[character] ?? reference(character))

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Escapes text of an error, which clients must be able to parse: what XML 1.0 cannot write becomes U+FFFD. */
export const escapeXmlError = (text: string): string => escapeXml(text.replace(UNWRITABLE, '\uFFFD'))

const reference = (character: string): string => `&#x${character.charCodeAt(0).toString(16)};`

export const xmlElement = (name: string, content: string): string =>
  content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
