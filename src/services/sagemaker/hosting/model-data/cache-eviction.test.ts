import { describe, expect, it } from 'vitest'
import { chooseEvictions } from './cache-eviction.ts'

const entry = (key: string, bytes: number, lastUsed: number) => ({ key, bytes, lastUsed })
const entries = [entry('new', 40, 900), entry('old', 30, 100), entry('middle', 30, 500)]
const choose = (maximumBytes: number, inUse: string[] = [], graceMilliseconds = 0) =>
  chooseEvictions(entries, { maximumBytes, inUse: new Set(inUse), now: 1000, graceMilliseconds }).map(({ key }) => key)

describe('chooseEvictions', () => {
  it('leaves what fits', () => expect(choose(100)).toEqual([]))
  it('drops the least recently used until the rest fits', () => {
    expect(choose(99)).toEqual(['old'])
    expect(choose(70)).toEqual(['old'])
    expect(choose(69)).toEqual(['old', 'middle'])
    expect(choose(0)).toEqual(['old', 'middle', 'new'])
  })
  it('never drops what is in use, even when that is too much', () => {
    expect(choose(0, ['old', 'new'])).toEqual(['middle'])
    expect(choose(50, ['old'])).toEqual(['middle', 'new'])
  })
  it('leaves what was used just now', () => expect(choose(0, [], 500)).toEqual(['old', 'middle']))
})
