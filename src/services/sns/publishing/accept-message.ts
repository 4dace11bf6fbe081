import type { PublishInput } from '../../../model/generated/sns.ts'
import { invalidParameter } from '../errors.ts'
import type { PublicationContent, PublishedAttribute, PublishedAttributes } from './publication.ts'

/** Of a message with its attributes, and of a batch. */
export const MOST_BYTES = 262_144

type Given = Pick<
  PublishInput,
  'Message' | 'Subject' | 'MessageStructure' | 'MessageAttributes' | 'MessageGroupId' | 'MessageDeduplicationId'
>

/** No line breaks and no control characters: they have no place in a header of a mail. */
const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u
const GROUP = /^[\x21-\x7e]{1,128}$/
const NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)[A-Za-z0-9_.-]{1,256}$/
const RESERVED = /^(?:aws|amazon)\./i
const TYPE = /^(?:String|String\.Array|Number|Binary)$|^(?:String|Number|Binary)\..{1,249}$/s
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** Checks what is to be published. Source: Publish (Amazon SNS API Reference). @throws InvalidParameter */
export function acceptMessage(input: Given): { readonly content: PublicationContent; readonly bytes: number } {
  const { Message, Subject, MessageStructure, MessageGroupId: group } = input
  if (Message === '') throw invalidParameter('Empty message')
  if (group !== undefined && !GROUP.test(group))
    throw invalidParameter(
      'MessageGroupId Reason: it can only include alphanumeric and punctuation characters, 1 to 128 in length',
    )
  if (input.MessageDeduplicationId !== undefined)
    throw invalidParameter(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    )
  if (Subject !== undefined && !SUBJECT.test(Subject)) throw invalidParameter('Subject')
  if (!Message.isWellFormed()) throw invalidParameter('Message')
  const attributes = acceptAttributes(input.MessageAttributes ?? {})
  const bytes = Buffer.byteLength(Message) + attributesSize(attributes)
  if (bytes > MOST_BYTES) throw invalidParameter('Message too long')
  const text =
    MessageStructure === undefined || MessageStructure === ''
      ? { message: Message }
      : readStructure(MessageStructure, Message)
  return {
    content: {
      ...text,
      ...(Subject !== undefined && { subject: Subject }),
      ...(group !== undefined && { group }),
      attributes,
    },
    bytes,
  }
}

function readStructure(structure: string, text: string): Pick<PublicationContent, 'message' | 'byProtocol'> {
  if (structure !== 'json') throw invalidParameter('MessageStructure')
  const wrong = (reason: string) => invalidParameter(`Message Structure - ${reason}`)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw wrong('JSON message body failed to parse')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw wrong('JSON message body failed to parse')
  const entries = Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const byProtocol = Object.fromEntries(entries)
  const { default: message, ...others } = byProtocol
  if (message === undefined) throw wrong('No default entry in JSON message body')
  return { message, byProtocol: others }
}

function acceptAttributes(given: NonNullable<PublishInput['MessageAttributes']>): PublishedAttributes {
  return Object.fromEntries(
    Object.entries(given).map(([name, { DataType, StringValue, BinaryValue }]): [string, PublishedAttribute] => {
      if (!NAME.test(name) || RESERVED.test(name))
        throw invalidParameter(`Message attribute name '${name.slice(0, 256)}' is not valid`)
      if (!TYPE.test(DataType))
        throw invalidParameter(
          `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
        )
      const isBinary = DataType.startsWith('Binary')
      const value = isBinary
        ? BinaryValue === undefined
          ? ''
          : Buffer.from(BinaryValue).toString('base64')
        : StringValue
      if (value === undefined || value === '')
        throw invalidParameter(
          `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
        )
      if (DataType.startsWith('Number') && !NUMBER.test(value))
        throw invalidParameter(`Could not cast message attribute '${name}' value to number.`)
      if (DataType === 'String.Array' && !isArray(value))
        throw invalidParameter(`Could not cast message attribute '${name}' value to a JSON array.`)
      return [name, { type: DataType, value }]
    }),
  )
}

function isArray(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

function attributesSize(attributes: PublishedAttributes): number {
  let size = 0
  for (const [name, { type, value }] of Object.entries(attributes))
    size +=
      Buffer.byteLength(name) + type.length + Buffer.byteLength(value, type.startsWith('Binary') ? 'base64' : 'utf8')
  return size
}
