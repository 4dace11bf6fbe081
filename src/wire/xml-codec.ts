import type { Member, Shape, TimestampFormat } from '../model/service-description.ts'
import { formatScalar, parseScalar } from './scalar-text.ts'
import { type XmlElement, XmlError } from './xml-reader.ts'
import { escapeXml, xmlElement } from './xml-text.ts'

const ISO: TimestampFormat = 'iso8601'

/** Reads an element as a structure. Unknown elements are ignored; a value of the wrong type is an XmlError. */
export function decodeXml(shape: Shape, element: XmlElement): Record<string, unknown> {
  const structure: Record<string, unknown> = {}
  for (const member of shape.members) {
    if (member.location !== undefined) continue
    if (member.xmlAttribute) {
      const text = attribute(element, member.wireName)
      if (text !== undefined) structure[member.name] = scalar(member.shape, text)
    } else {
      const name = elementName(member)
      const found = element.children.filter((child) => child.name === name)
      if (found.length > 0) structure[member.name] = decodeMember(member, found)
    }
  }
  return structure
}

/** The name of a member's element; a flattened list goes by its elements' own name where they have one. */
function elementName(member: Member): string {
  const own = member.flattened ? member.shape.element?.wireName : undefined
  return own === undefined || own === 'member' ? member.wireName : own
}

function decodeMember(member: Member, elements: readonly XmlElement[]): unknown {
  const { shape } = member
  const [first] = elements as readonly [XmlElement]
  switch (shape.type) {
    case 'structure':
      return decodeXml(shape, first)
    case 'list': {
      const element = shape.element as Member
      const items = member.flattened ? elements : first.children.filter((child) => child.name === element.wireName)
      return items.map((item) => decodeMember(element, [item]))
    }
    case 'map':
      return decodeMap(shape, member.flattened ? elements : first.children)
    default:
      return scalar(shape, first.text)
  }
}

function decodeMap(shape: Shape, entries: readonly XmlElement[]): Record<string, unknown> {
  const key = shape.key as Member
  const value = shape.value as Member
  const map: Record<string, unknown> = Object.create(null)
  for (const entry of entries) {
    const keyElement = entry.children.find((child) => child.name === named(key, 'key'))
    const valueElement = entry.children.find((child) => child.name === named(value, 'value'))
    if (keyElement !== undefined && valueElement !== undefined)
      map[keyElement.text] = decodeMember(value, [valueElement])
  }
  return map
}

const named = (member: Member, usual: string): string => (member.wireName === member.name ? usual : member.wireName)

function attribute(element: XmlElement, name: string): string | undefined {
  const local = name.slice(name.indexOf(':') + 1)
  for (const [key, value] of element.attributes) if (key.slice(key.indexOf(':') + 1) === local) return value
  return undefined
}

function scalar(shape: Shape, text: string): unknown {
  const value = parseScalar(shape, text)
  if (value === undefined) throw new XmlError(`An element is no ${shape.type}.`)
  return value
}

/** Writes the members of a structure that travel in the body, without an element around them. */
export function encodeXmlMembers(shape: Shape, value: Readonly<Record<string, unknown>>): string {
  let xml = ''
  for (const member of shape.members) {
    const entry = value[member.name]
    if (entry === undefined || entry === null || member.location !== undefined || member.xmlAttribute) continue
    xml += member.xmlText
      ? escapeXml(formatScalar(member, entry, ISO))
      : encodeMember(member, elementName(member), entry)
  }
  return xml
}

function encodeMember(member: Member, name: string, value: unknown): string {
  const { shape } = member
  switch (shape.type) {
    case 'structure':
      return withAttributes(member, name, value as Record<string, unknown>)
    case 'list': {
      const element = shape.element as Member
      const itemName = member.flattened ? name : element.wireName
      const items = (value as unknown[]).map((item) => encodeMember(element, itemName, item)).join('')
      return member.flattened ? items : xmlElement(name, items)
    }
    case 'map': {
      const entries = encodeEntries(shape, value as object)
      return member.flattened
        ? entries.map((entry) => xmlElement(name, entry)).join('')
        : xmlElement(name, entries.map((entry) => xmlElement('entry', entry)).join(''))
    }
    default:
      return xmlElement(name, escapeXml(formatScalar(member, value, ISO)))
  }
}

function withAttributes(member: Member, name: string, value: Record<string, unknown>): string {
  const { shape, xmlNamespace } = member
  const prefix = xmlNamespace?.prefix === undefined ? '' : `:${xmlNamespace.prefix}`
  let attributes = xmlNamespace === undefined ? '' : ` xmlns${prefix}="${escapeXml(xmlNamespace.uri)}"`
  for (const inner of shape.members) {
    const entry = value[inner.name]
    if (inner.xmlAttribute && entry !== undefined && entry !== null)
      attributes += ` ${inner.wireName}="${escapeXml(String(entry))}"`
  }
  const content = encodeXmlMembers(shape, value)
  return attributes === '' ? xmlElement(name, content) : `<${name}${attributes}>${content}</${name}>`
}

function encodeEntries(shape: Shape, map: object): string[] {
  const key = shape.key as Member
  const value = shape.value as Member
  return Object.entries(map)
    .filter(([, entry]) => entry !== undefined && entry !== null)
    .map(
      ([name, entry]) =>
        xmlElement(named(key, 'key'), escapeXml(name)) + encodeMember(value, named(value, 'value'), entry),
    )
}
