import { expect, test } from 'vitest'
import { isImmutable, mutabilityColumns } from './tag-mutability.ts'

const filters = (...patterns: string[]) => patterns.map((filter) => ({ filterType: 'WILDCARD' as const, filter }))

test.each([
  ['v1', 'v1', true],
  ['v1', 'v11', false],
  ['dev*', 'dev', true],
  ['dev*', 'adev', false],
  ['*dev', 'adev', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*x*', 'axb', true],
  ['*x*', 'ab', false],
  ['a*b*', 'acbd', true],
  ['a*b*', 'acd', false],
  ['*', 'anything', true],
])('the filter %s takes the tag %s out of the rule: %s', (pattern, tag, excluded) => {
  expect(isImmutable(mutabilityColumns('IMMUTABLE_WITH_EXCLUSION', filters(pattern)), tag)).toBe(!excluded)
  expect(isImmutable(mutabilityColumns('MUTABLE_WITH_EXCLUSION', filters(pattern)), tag)).toBe(excluded)
})

test('without filters the rule is for all tags', () => {
  expect(isImmutable(mutabilityColumns('IMMUTABLE'), 'v1')).toBe(true)
  expect(isImmutable(mutabilityColumns(), 'v1')).toBe(false)
})

test('filters and rules that do not go together are refused', () => {
  for (const [rule, given] of [
    ['IMMUTABLE', filters('a')],
    ['MUTABLE', filters('a')],
    ['IMMUTABLE_WITH_EXCLUSION', []],
    ['MUTABLE_WITH_EXCLUSION', undefined],
    ['IMMUTABLE_WITH_EXCLUSION', filters('*a*b*')],
  ] as const)
    expect(() => mutabilityColumns(rule, given && [...given])).toThrow(
      /Invalid parameter at 'imageTagMutabilityExclusionFilters'/,
    )
})
