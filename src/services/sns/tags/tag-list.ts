import type { Tag } from '../../../model/generated/sns.ts'
import { invalidParameter, tagLimit } from '../errors.ts'

type Tags = Readonly<Record<string, string>>

const MAX_TAGS = 50

/** The tags with others set. @throws InvalidParameter, TagLimitExceeded */
export function withTags(before: Tags, added: readonly Tag[]): Tags {
  const tags = new Map(Object.entries(before))
  if (new Set(added.map(({ Key }) => Key)).size !== added.length)
    throw invalidParameter('Duplicated keys are not allowed.')
  for (const { Key, Value } of added) {
    if (/^aws:/i.test(Key)) throw invalidParameter('Tag keys that begin with aws: are reserved.')
    tags.set(Key, Value)
  }
  if (tags.size > MAX_TAGS) throw tagLimit(MAX_TAGS)
  return Object.fromEntries(tags)
}

export const withoutTags = (before: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key)))
