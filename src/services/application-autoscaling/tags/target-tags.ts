import { invalid, tooManyTags } from '../errors.ts'

const MOST_TAGS = 50

export type Tags = Readonly<Record<string, string>>

export const readTags = (text: string): Tags => JSON.parse(text) as Tags

/** `known` with `given` put over it. @throws ValidationException for keys that are AWS's own, TooManyTagsException */
export function addTags(arn: string, known: Tags, given: Tags): Tags {
  const reserved = Object.keys(given).find((key) => /^aws:/i.test(key))
  if (reserved !== undefined) throw invalid(`The tag key ${reserved} begins with aws:, which is reserved`)
  const tags = Object.fromEntries([...Object.entries(known), ...Object.entries(given)])
  if (Object.keys(tags).length > MOST_TAGS) throw tooManyTags(arn, MOST_TAGS)
  return tags
}
