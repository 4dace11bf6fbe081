import { describe, expect, it } from 'vitest'
import { chooseInstance, chooseVariant, type VariantRoute } from './route.ts'

const variant = (
  name: string,
  weight: number,
  instances: string[] = [],
  strategy: VariantRoute['strategy'] = 'RANDOM',
) => ({
  name,
  weight,
  share: 1,
  strategy,
  instances: instances.map((id) => ({ id, address: `${id}:8080` })),
})

/** How often each is chosen when `random` takes a thousand values evenly. */
function shares(choose: (random: number) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let step = 0; step < 1000; step++) {
    const name = choose(step / 1000) ?? 'none'
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

describe('the variant of a request', () => {
  it('is chosen by its share of the weights', () => {
    const variants = [variant('a', 1), variant('b', 0), variant('c', 3)]
    expect(shares((random) => chooseVariant(variants, undefined, random)?.name)).toEqual({ a: 250, c: 750 })
  })

  it('is none without any weight', () => {
    expect(chooseVariant([variant('a', 0)], undefined, 0)).toBeUndefined()
    expect(chooseVariant([variant('a', 0), variant('b', 0)], undefined, 0.5)).toBeUndefined()
    expect(chooseVariant([], undefined, 0.5)).toBeUndefined()
  })

  it('is never one of weight 0, whatever rounding does', () => {
    const variants = [variant('a', 0.1), variant('b', 0.2), variant('c', 0)]
    expect(chooseVariant(variants, undefined, 1 - Number.EPSILON)?.name).toBe('b')
    expect(chooseVariant([variant('z', 0), ...variants], undefined, 0)?.name).toBe('a')
  })

  it('is the one that is named, weight or not', () => {
    const variants = [variant('a', 1), variant('b', 0)]
    expect(chooseVariant(variants, 'b', 0)?.name).toBe('b')
    expect(chooseVariant(variants, 'B', 0)).toBeUndefined()
    expect(chooseVariant(variants, '', 0)).toBeUndefined()
  })
})

describe('the variant of a request that names it, while fleets are exchanged', () => {
  const fleets = (old: number, fresh: number) => [
    { ...variant('a', old), share: old, fleet: 'old' },
    { ...variant('b', old), share: old, fleet: 'old' },
    { ...variant('a', fresh), share: fresh, fleet: 'new' },
  ]
  const choose = (old: number, fresh: number) =>
    shares((random) => (chooseVariant(fleets(old, fresh), 'a', random) as { fleet?: string } | undefined)?.fleet)

  it('is that of a fleet by its share', () => {
    expect(choose(0.75, 0.25)).toEqual({ old: 750, new: 250 })
    expect(choose(1, 0)).toEqual({ old: 1000 })
    expect(choose(0, 1)).toEqual({ new: 1000 })
  })

  it('is never one whose fleet has no traffic, whatever rounding does', () => {
    const left = [
      { ...variant('a', 0), share: 0 },
      { ...variant('a', 1), share: 0.1 },
    ]
    expect(chooseVariant(left, 'a', 1 - Number.EPSILON)?.share).toBe(0.1)
  })
})

describe('the instance of a request', () => {
  const none = () => 0
  const choose = (of: VariantRoute, avoid: string[], outstanding: (id: string) => number = none) =>
    shares((random) => chooseInstance(of, new Set(avoid), ({ id }) => outstanding(id), random)?.id)

  it('is any of them at random', () => {
    expect(choose(variant('v', 1, ['a', 'b', 'c', 'd']), [])).toEqual({ a: 250, b: 250, c: 250, d: 250 })
  })

  it('is none of those to avoid while there is another', () => {
    expect(choose(variant('v', 1, ['a', 'b', 'c']), ['b'])).toEqual({ a: 500, c: 500 })
    expect(choose(variant('v', 1, ['a', 'b']), ['a', 'b'])).toEqual({ a: 500, b: 500 })
    expect(choose(variant('v', 1, ['a']), ['a'])).toEqual({ a: 1000 })
    expect(choose(variant('v', 1), [])).toEqual({ none: 1000 })
  })

  it('is the one with the least to do, those with equally little by turns', () => {
    const least = variant('v', 1, ['a', 'b', 'c', 'd'], 'LEAST_OUTSTANDING_REQUESTS')
    const load: Record<string, number> = { a: 2, b: 1, c: 3, d: 1 }
    expect(choose(least, [], (id) => load[id] ?? 0)).toEqual({ b: 500, d: 500 })
    expect(choose(least, ['b', 'd'], (id) => load[id] ?? 0)).toEqual({ a: 1000 })
  })
})
