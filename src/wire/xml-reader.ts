/** An element of a parsed document. Namespace prefixes are dropped from names: the services do not distinguish by them. */
export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** The character data directly inside, joined. */
  readonly text: string
}

/** The text is no well-formed document, or uses what no client of these services sends. */
export class XmlError extends Error {}

const MAX_DEPTH = 64
const NAME = /[A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*/y
const ATTRIBUTE = /\s+([A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /\s*(\/?)>/y
const CLOSING = /<\/([A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*)\s*>/y
const REFERENCE = /&([^;&\s]{0,12};?)/g
const NAMED: Readonly<Record<string, string>> = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" }

interface Open {
  readonly name: string
  readonly rawName: string
  readonly attributes: Map<string, string>
  readonly children: XmlElement[]
  text: string
}

/**
 * Reads one XML document into elements. Deliberately less than XML: a document type is refused, so there are no
 * entities to define, to fetch or to expand; nesting is limited; what follows the root may only be comments.
 * Takes time proportional to the text.
 */
export function readXml(text: string): XmlElement {
  const open: Open[] = []
  let root: XmlElement | undefined
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    const next = text.indexOf('<', at)
    const end = next === -1 ? text.length : next
    if (end > at) addText(open.at(-1), expand(text.slice(at, end)))
    if (next === -1) break
    at = next
    if (text.startsWith('<!--', at)) at = skipPast(text, '-->', at + 4)
    else if (text.startsWith('<?', at)) at = skipPast(text, '?>', at + 2)
    else if (text.startsWith('<![CDATA[', at)) {
      const close = skipPast(text, ']]>', at + 9)
      const element = open.at(-1)
      if (element === undefined) throw new XmlError('Character data outside the root element.')
      element.text += text.slice(at + 9, close - 3)
      at = close
    } else if (text.startsWith('</', at)) {
      const [whole, name] = matchAt(CLOSING, text, at)
      const element = open.pop()
      if (element === undefined || element.rawName !== name)
        throw new XmlError('A closing tag without its opening tag.')
      at += whole.length
      if (open.length === 0) root = element
    } else {
      if (root !== undefined) throw new XmlError('More than one root element.')
      const { element, empty, length } = readTag(text, at)
      open.at(-1)?.children.push(element)
      at += length
      if (!empty) open.push(element)
      else if (open.length === 0) root = element
      if (open.length > MAX_DEPTH) throw new XmlError('Elements are nested too deeply.')
    }
  }
  if (root === undefined || open.length > 0) throw new XmlError('The document ends before its root element does.')
  return root
}

function readTag(text: string, start: number): { element: Open; empty: boolean; length: number } {
  const [rawName] = matchAt(NAME, text, start + 1)
  const attributes = new Map<string, string>()
  let at = start + 1 + rawName.length
  for (;;) {
    ATTRIBUTE.lastIndex = at
    const match = ATTRIBUTE.exec(text)
    if (match === null) break
    const name = match[1] as string
    if (attributes.has(name)) throw new XmlError('An attribute is given twice.')
    attributes.set(name, expand(match[2] ?? match[3] ?? ''))
    at += match[0].length
  }
  const [whole, slash] = matchAt(TAG_END, text, at)
  const element = { name: localName(rawName), rawName, attributes, children: [], text: '' }
  return { element, empty: slash === '/', length: at + whole.length - start }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  if (match === null) throw new XmlError('A tag is not well-formed.')
  return match
}

function skipPast(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  if (found === -1) throw new XmlError('A comment, instruction or section does not end.')
  return found + mark.length
}

function addText(element: Open | undefined, text: string): void {
  if (element !== undefined) element.text += text
  else if (text.trim() !== '') throw new XmlError('Character data outside the root element.')
}

/** Replaces the five named references and the numeric ones; any other is an error, as no document can define more. */
function expand(text: string): string {
  const plain = text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text
  if (!plain.includes('&')) return plain
  return plain.replace(REFERENCE, (_, reference: string) => NAMED[reference] ?? numeric(reference))
}

function numeric(reference: string): string {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));$/.exec(reference)
  if (match === null) throw new XmlError('An entity reference is unknown.')
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16)
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw new XmlError('A character reference is invalid.')
  return String.fromCodePoint(code)
}
