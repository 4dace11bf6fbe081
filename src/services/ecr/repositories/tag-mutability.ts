import type { ImageTagMutability, ImageTagMutabilityExclusionFilters } from '../../../model/generated/ecr.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import { invalidParameter } from '../errors.ts'

type MutabilityColumns = Pick<RepositoryRow, 'tag_mutability' | 'mutability_exclusions'>

const PARAMETER = 'imageTagMutabilityExclusionFilters'

/** The columns for a mutability; refuses filters without a mutability that has exclusions, and the other way round. */
export function mutabilityColumns(
  mutability: ImageTagMutability = 'MUTABLE',
  filters: ImageTagMutabilityExclusionFilters | undefined = undefined,
): MutabilityColumns {
  const excludes = mutability.endsWith('_WITH_EXCLUSION')
  if (excludes && (filters === undefined || filters.length === 0))
    throw invalidParameter(PARAMETER, `Member must not be empty when imageTagMutability is ${mutability}`)
  if (!excludes && filters !== undefined && filters.length > 0)
    throw invalidParameter(PARAMETER, `Member must be empty when imageTagMutability is ${mutability}`)
  const patterns = filters?.map(({ filter }) => filter) ?? []
  if (patterns.some((pattern) => pattern.split('*').length > 3))
    throw invalidParameter(PARAMETER, 'Member must contain at most 2 wildcards (*)')
  return { tag_mutability: mutability, mutability_exclusions: excludes ? JSON.stringify(patterns) : null }
}

/** Whether a tag, once given, stays with its image. */
export function isImmutable(row: MutabilityColumns, tag: string): boolean {
  const excluded = ((JSON.parse(row.mutability_exclusions ?? '[]') as string[]) ?? []).some((pattern) =>
    matches(pattern, tag),
  )
  return row.tag_mutability.startsWith('IMMUTABLE') !== excluded
}

function matches(pattern: string, tag: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return tag === pattern
  const last = rest.pop() as string
  if (!tag.startsWith(first) || tag.length < first.length + last.length || !tag.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = tag.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= tag.length - last.length
}
