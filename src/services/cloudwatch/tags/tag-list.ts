import type { Tag } from '../../../model/generated/cloudwatch.ts'
import { invalidValue } from '../errors.ts'

const MOST_TAGS = 50

export const tagsOf = (tags: readonly Tag[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))

export const listTags = (tags: Readonly<Record<string, string>>): Tag[] =>
  Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }))

/** @throws InvalidParameterValue for keys that are AWS's own or come twice, and for more than 50 */
export function checkTags(tags: readonly Tag[]): void {
  const reserved = tags.find(({ Key }) => /^aws:/i.test(Key))
  if (reserved !== undefined) throw invalidValue(`The tag key ${reserved.Key} begins with aws:, which is reserved.`)
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length) throw invalidValue('The tag keys must be unique.')
  checkCount(tags.length)
}

export function checkCount(count: number): void {
  if (count > MOST_TAGS) throw invalidValue(`The number of tags must not be greater than ${MOST_TAGS}.`)
}
