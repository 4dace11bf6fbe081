// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const ALL_FORBIDDEN = new RegExp(FORBIDDEN, 'g')

/** Whether XML 1.0 has room for all characters of a text. Source: "Extensible Markup Language (XML) 1.0", Characters. */
export const isXmlText = (text: string): boolean => !FORBIDDEN.test(text) && text.isWellFormed()

/** The text with U+FFFD in place of what XML 1.0 has no room for. */
export const toXmlText = (text: string): string => text.toWellFormed().replace(ALL_FORBIDDEN, '\ufffd')
