import { invalidParameter } from '../errors.ts'

type Tags = Readonly<Record<string, string>>

const MAX_TAGS = 50

/** The tags with others set. @throws InvalidParameterValue */
export function withTags(before: Tags, added: Tags): Tags {
  const tags = new Map(Object.entries(before))
  for (const [key, value] of Object.entries(added)) {
    if (key === '' || key.length > 128 || /^aws:/i.test(key))
      throw invalidParameter(`Tag key ${key.slice(0, 128)} is not valid.`)
    if (value.length > 256) throw invalidParameter(`The value of tag ${key} is longer than 256 characters.`)
    tags.set(key, value)
  }
  if (tags.size > MAX_TAGS) throw invalidParameter(`Too many tags added for queue: a queue can have ${MAX_TAGS}.`)
  return Object.fromEntries(tags)
}

export const withoutTags = (before: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key)))
