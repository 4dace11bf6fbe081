import type { Tag } from '../../../model/generated/kms.ts'
import { tagRefused } from '../errors.ts'

const MAX_TAGS = 50

export const parseTags = (json: string): readonly Tag[] => JSON.parse(json) as Tag[]

/** The condition keys of a request that gives a key tags. */
export const requestTags = (tags: readonly Tag[]): Readonly<Record<string, string | readonly string[]>> => ({
  ...Object.fromEntries(tags.map(({ TagKey, TagValue }) => [`aws:requesttag/${TagKey.toLowerCase()}`, TagValue])),
  'aws:tagkeys': tags.map(({ TagKey }) => TagKey),
})

/** The JSON of a new key's tags. */
export const newTags = (tags: readonly Tag[] | undefined): string => withTags('[]', tags ?? [])

/** The JSON of tags with others set, in the order of their keys. @throws TagException */
export function withTags(json: string, added: readonly Tag[]): string {
  const tags = new Map(parseTags(json).map((tag) => [tag.TagKey, tag]))
  if (new Set(added.map((tag) => tag.TagKey)).size !== added.length) throw tagRefused('Duplicate tag keys')
  for (const { TagKey, TagValue } of added) {
    if (/^aws:/i.test(TagKey)) throw tagRefused('aws: prefixed tag key names are not allowed for external use.')
    tags.set(TagKey, { TagKey, TagValue })
  }
  if (tags.size > MAX_TAGS) throw tagRefused('Too many tags')
  return JSON.stringify([...tags.values()].sort((one, other) => (one.TagKey < other.TagKey ? -1 : 1)))
}

/** The JSON of tags without some keys; those that are not there are ignored. */
export function withoutTags(json: string, keys: readonly string[]): string {
  const removed = new Set(keys)
  return JSON.stringify(parseTags(json).filter((tag) => !removed.has(tag.TagKey)))
}
