import { expect, it } from 'vitest'
import { compilePolicy } from './compiled-policy.ts'
import { createPolicyCache } from './policy-cache.ts'

const text = (index: number) =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: `s3:Get${index}`, Resource: '*' } })

it('compiles a document once', () => {
  const cache = createPolicyCache()
  expect(cache.compile(text(1))).toBe(cache.compile(text(1)))
  expect(cache.compile(text(2))).not.toBe(cache.compile(text(1)))
  expect(cache.compile('{').unreadable).toBe(true)
})

it('forgets what was not used for longest', () => {
  const cache = createPolicyCache(text(1).length * 2)
  const first = cache.compile(text(1))
  const second = cache.compile(text(2))
  expect(cache.compile(text(1))).toBe(first)
  cache.compile(text(3))
  expect(cache.compile(text(1))).toBe(first)
  expect(cache.compile(text(2))).not.toBe(second)
})

it('does not keep what is larger than all of it', () => {
  const cache = createPolicyCache(10)
  expect(cache.compile(text(1))).not.toBe(cache.compile(text(1)))
})

it('remembers what a document says of actions, but not of any number of them', () => {
  const policy = compilePolicy(text(1))
  expect(policy.about('s3:get1')).toBe(policy.about('s3:get1'))
  expect(policy.about('s3:get1')).toHaveLength(1)
  const before = policy.about('s3:get1')
  for (let index = 0; index < 2_000; index += 1) expect(policy.about(`x:${index}`)).toHaveLength(0)
  expect(policy.about('s3:get1')).not.toBe(before)
  expect(policy.about('s3:get1')).toEqual(before)
})
