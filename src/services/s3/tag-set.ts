import { badRequest, invalidArgument, invalidTag } from './errors.ts'

interface Tag {
  readonly Key: string
  readonly Value: string
}

/** What AWS admits in keys and values besides length: letters, digits, white space and `_.:/=+-@`. */
const TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/**
 * Checks a tag set and writes it as the JSON object that rows keep. `limit` is 10 for an object, 50 for a bucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export function encodeTagSet(tags: readonly Tag[], limit: 10 | 50): string {
  if (tags.length > limit) {
    throw badRequest(`${limit === 10 ? 'Object' : 'Bucket'} tags cannot be greater than ${limit}`)
  }
  const document: Record<string, string> = Object.create(null)
  for (const { Key, Value } of tags) {
    if (Key.length === 0 || Key.length > 128 || !TEXT.test(Key)) {
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: Key })
    }
    if (Value.length > 256 || !TEXT.test(Value)) {
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: Key, TagValue: Value })
    }
    if (Key.toLowerCase().startsWith('aws:')) {
      throw invalidTag('System tags cannot be added/updated by requester', { TagKey: Key })
    }
    if (Key in document) {
      throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: Key })
    }
    document[Key] = Value
  }
  return JSON.stringify(document)
}

/** A row's JSON by key. */
export const decodeTags = (json: string | null): Readonly<Record<string, string>> =>
  json === null ? {} : (JSON.parse(json) as Record<string, string>)

/** A row's JSON as S3's TagSet. */
export const decodeTagSet = (json: string | null): Tag[] =>
  Object.entries(decodeTags(json)).map(([Key, Value]) => ({ Key, Value }))

/** The header `x-amz-tagging` (a query string) as a row's JSON; null when there is none. */
export function parseTaggingHeader(header: string | undefined): string | null {
  if (header === undefined || header === '') return null
  const pairs = [...new URLSearchParams(header)]
  const names = new Set(pairs.map(([name]) => name))
  if (names.size !== pairs.length || pairs.some(([name]) => name === '')) {
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    )
  }
  return encodeTagSet(
    pairs.map(([Key, Value]) => ({ Key, Value })),
    10,
  )
}
