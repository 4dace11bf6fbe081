import { createHash, hash } from 'node:crypto'
import type { MessageAttributeValue } from '../../../model/generated/sqs.ts'
import { isXmlText } from '../../../shared/xml-text.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { invalidContents, invalidParameter } from '../errors.ts'

/** A message attribute as it is stored: binary values in Base64. */
export interface StoredAttribute {
  readonly type: string
  readonly value: string
}

export type StoredAttributes = Readonly<Record<string, StoredAttribute>>

export const MAX_ATTRIBUTES = 10
const NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)[A-Za-z0-9_.-]{1,256}$/
const RESERVED = /^(?:aws|amazon)\./i
const TYPE = /^(?:String|Number|Binary)(?:\..{1,249})?$/s
const NUMBER = /^[+-]?(?:\d{1,38}(?:\.\d{0,37})?|\.\d{1,38})(?:[eE][+-]?\d{1,3})?$/

const isBinary = ({ type }: StoredAttribute): boolean => type.startsWith('Binary')

/** @throws InvalidMessageContents for characters that no message may hold */
export function requireText(text: string): void {
  if (!isXmlText(text)) throw invalidContents()
}

/**
 * Checks the attributes of a message that is sent. Source: "Amazon SQS message metadata" (Developer Guide).
 * @throws InvalidParameterValue
 */
export function acceptAttributes(input: Readonly<Record<string, MessageAttributeValue>> = {}): StoredAttributes {
  const entries = Object.entries(input)
  if (entries.length > MAX_ATTRIBUTES)
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    )
  return Object.fromEntries(entries.map(([name, value]) => [name, accepted(name, value)]))
}

function accepted(name: string, attribute: MessageAttributeValue): StoredAttribute {
  const { DataType: type, StringValue, BinaryValue, StringListValues = [], BinaryListValues = [] } = attribute
  if (!NAME.test(name) || RESERVED.test(name))
    throw invalidParameter(
      `The message attribute name '${name.slice(0, 256)}' is not valid: letters, digits, '_', '-' and '.', up to 256 of them, and no prefix that is reserved.`,
    )
  if (StringListValues.length > 0 || BinaryListValues.length > 0)
    throw notImplemented('A list as the value of a message attribute')
  if (!TYPE.test(type))
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  const value = type.startsWith('Binary')
    ? BinaryValue === undefined
      ? ''
      : Buffer.from(BinaryValue).toString('base64')
    : (StringValue ?? '')
  if (value === '')
    throw invalidParameter(
      `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${type}'.`,
    )
  if (!type.startsWith('Binary')) requireText(value)
  if (type.startsWith('Number') && !NUMBER.test(value))
    throw invalidParameter(`Could not cast message attribute '${name}' value to number.`)
  return { type, value }
}

/** Bytes that attributes count against the size of a message. */
export function attributesSize(attributes: StoredAttributes): number {
  let size = 0
  for (const [name, attribute] of Object.entries(attributes))
    size += Buffer.byteLength(name) + Buffer.byteLength(attribute.type) + bytesOf(attribute).length
  return size
}

/** The same of attributes that have not been checked yet. */
export function givenSize(input: Readonly<Record<string, MessageAttributeValue>> = {}): number {
  let size = 0
  for (const [name, { DataType, StringValue = '', BinaryValue }] of Object.entries(input))
    size +=
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue) +
      (BinaryValue === undefined ? 0 : Buffer.from(BinaryValue).length)
  return size
}

const bytesOf = (attribute: StoredAttribute): Buffer =>
  Buffer.from(attribute.value, isBinary(attribute) ? 'base64' : 'utf8')

export const bodyDigest = (body: string): string => hash('md5', body)

/**
 * What clients compare with what they have sent: name, type and value of each attribute in the order of names, each behind
 * its length. Source: "Calculating the MD5 message digest for message attributes" (Developer Guide). Undefined for none.
 */
export function attributesDigest(attributes: StoredAttributes): string | undefined {
  const names = Object.keys(attributes).sort()
  if (names.length === 0) return undefined
  const md5 = createHash('md5')
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    md5.update(length).update(bytes)
  }
  for (const name of names) {
    const attribute = attributes[name] as StoredAttribute
    part(Buffer.from(name))
    part(Buffer.from(attribute.type))
    md5.update(Buffer.of(isBinary(attribute) ? 2 : 1))
    part(bytesOf(attribute))
  }
  return md5.digest('hex')
}

/** As operations show it. */
export const showAttribute = (attribute: StoredAttribute): MessageAttributeValue =>
  isBinary(attribute)
    ? { BinaryValue: bytesOf(attribute), DataType: attribute.type }
    : { StringValue: attribute.value, DataType: attribute.type }
