import type { Tag } from '../../../model/generated/ecr.ts'
import { invalidTag, tooManyTags } from '../errors.ts'

const MAX_TAGS = 50

const parse = (json: string): Map<string, string> => new Map(Object.entries(JSON.parse(json) as Record<string, string>))

// Built from entries, so that a key such as `__proto__` is a key like any other.
const format = (tags: ReadonlyMap<string, string>): string => JSON.stringify(Object.fromEntries(tags))

export const toTags = (json: string): Tag[] => [...parse(json)].map(([Key, Value]) => ({ Key, Value }))

/** The JSON of tags with others set. */
export function withTags(json: string, added: readonly Tag[]): string {
  const tags = parse(json)
  if (new Set(added.map((tag) => tag.Key)).size !== added.length)
    throw invalidTag('Duplicate tag keys found. Tag keys must be unique.')
  for (const { Key, Value } of added) {
    if (/^aws:/i.test(Key)) throw invalidTag('Tag keys that begin with aws: are reserved.')
    tags.set(Key, Value)
  }
  if (tags.size > MAX_TAGS) throw tooManyTags(MAX_TAGS)
  return format(tags)
}

/** The JSON of tags without some keys. */
export function withoutTags(json: string, keys: readonly string[]): string {
  const tags = parse(json)
  for (const key of keys) tags.delete(key)
  return format(tags)
}
