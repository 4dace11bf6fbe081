import type { Tag } from '../../model/generated/iam.ts'
import { invalidInput, quotaExceeded } from './errors.ts'

const MAX_TAGS = 50

export const parseTags = (json: string): readonly Tag[] => JSON.parse(json) as Tag[]

/** Tags as conditions look at them. */
export const tagsByKey = (json: string): Readonly<Record<string, string>> =>
  Object.fromEntries(parseTags(json).map(({ Key, Value }) => [Key, Value]))

/** The JSON of a new resource's tags. */
export const newTags = (tags: readonly Tag[] | undefined): string => withTags('[]', tags ?? [])

/** The JSON of tags with others set. Keys are equal without regard to case. */
export function withTags(json: string, added: readonly Tag[]): string {
  const tags = new Map(parseTags(json).map((tag) => [tag.Key.toLowerCase(), tag]))
  if (new Set(added.map((tag) => tag.Key.toLowerCase())).size !== added.length) {
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
  }
  if (added.some((tag) => /^aws:/i.test(tag.Key))) {
    throw invalidInput('aws: prefixed tag key names are not allowed for external use.')
  }
  for (const { Key, Value } of added) tags.set(Key.toLowerCase(), { Key, Value })
  if (tags.size > MAX_TAGS) throw quotaExceeded('TagsPerResource', MAX_TAGS)
  return JSON.stringify([...tags.values()])
}

/** The JSON of tags without some keys. */
export function withoutTags(json: string, keys: readonly string[]): string {
  const removed = new Set(keys.map((key) => key.toLowerCase()))
  return JSON.stringify(parseTags(json).filter((tag) => !removed.has(tag.Key.toLowerCase())))
}
