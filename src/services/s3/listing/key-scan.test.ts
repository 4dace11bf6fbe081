import { describe, expect, test } from 'vitest'
import { afterPrefix, compareKeys } from './key-order.ts'
import { type KeyScan, scanKeys } from './key-scan.ts'

/** An index in memory that counts what is read from it. */
function indexOf(keys: readonly string[]) {
  const rows = keys.map((key) => ({ key })).sort((a, b) => compareKeys(a.key, b.key))
  const index = { rows, queries: 0, read: 0 }
  const scan = (more: Partial<KeyScan<{ key: string }, { key: string }>> & { limit: number }) => {
    const { prefix = '', delimiter } = more
    const end = afterPrefix(prefix)
    return scanKeys<{ key: string }, { key: string }>({
      prefix,
      delimiter,
      start: { at: prefix },
      read: async (cursor, limit) => {
        const found = rows
          .filter(({ key }) =>
            'at' in cursor ? compareKeys(key, cursor.at) >= 0 : compareKeys(key, cursor.behind.key) > 0,
          )
          .filter(({ key }) => end === undefined || compareKeys(key, end) < 0)
          .slice(0, limit)
        index.queries++
        index.read += found.length
        return found
      },
      ...more,
    })
  }
  return { ...index, scan, index }
}

const shown = (page: Awaited<ReturnType<typeof scanKeys<{ key: string }, { key: string }>>>) => ({
  truncated: page.truncated,
  entries: page.entries.map((entry) => ('row' in entry ? entry.row.key : `[${entry.commonPrefix}]`)),
})

describe('a page of keys', () => {
  test('without a delimiter is the keys', async () => {
    const { scan } = indexOf(['a', 'b', 'c'])
    expect(shown(await scan({ limit: 2 }))).toEqual({ truncated: true, entries: ['a', 'b'] })
    expect(shown(await scan({ limit: 3 }))).toEqual({ truncated: false, entries: ['a', 'b', 'c'] })
    expect(shown(await scan({ limit: 0 }))).toEqual({ truncated: false, entries: [] })
  })

  test('shows each common prefix once, in its place', async () => {
    const { scan } = indexOf(['a', 'b/1', 'b/2', 'c/', 'd/1/2', 'e'])
    expect(shown(await scan({ limit: 10, delimiter: '/' }))).toEqual({
      truncated: false,
      entries: ['a', '[b/]', '[c/]', '[d/]', 'e'],
    })
    expect(shown(await scan({ limit: 10, delimiter: '/', prefix: 'd/' }))).toEqual({
      truncated: false,
      entries: ['[d/1/]'],
    })
    expect(shown(await scan({ limit: 2, delimiter: '/' }))).toEqual({ truncated: true, entries: ['a', '[b/]'] })
  })

  test('takes delimiters of several characters, and such as never occur', async () => {
    const { scan } = indexOf(['a--1', 'a--2', 'b-3'])
    expect(shown(await scan({ limit: 10, delimiter: '--' })).entries).toEqual(['[a--]', 'b-3'])
    expect(shown(await scan({ limit: 10, delimiter: '%' })).entries).toEqual(['a--1', 'a--2', 'b-3'])
  })

  test('is not truncated when only rows of its last common prefix follow', async () => {
    const { scan } = indexOf(Array.from({ length: 500 }, (_, n) => `a/${n}`))
    expect(shown(await scan({ limit: 1, delimiter: '/' }))).toEqual({ truncated: false, entries: ['[a/]'] })
  })

  test('hides the prefixes it is told to', async () => {
    const { scan } = indexOf(['a/1', 'a/2', 'b/1', 'c'])
    const page = await scan({ limit: 2, delimiter: '/', hiddenPrefix: (prefix) => prefix === 'a/' })
    expect(shown(page)).toEqual({ truncated: false, entries: ['[b/]', 'c'] })
  })

  test('costs what it shows, not what lies below its prefixes', async () => {
    const keys = Array.from({ length: 50 }, (_, p) => Array.from({ length: 400 }, (_, n) => `${p}/${n}`)).flat()
    const { scan, index } = indexOf(keys)
    const page = await scan({ limit: 1000, delimiter: '/' })
    expect(page.entries).toHaveLength(50)
    expect(index.read).toBeLessThan(2000)
  })

  test('reads a flat list at once', async () => {
    const { scan, index } = indexOf(Array.from({ length: 3000 }, (_, n) => `k${n}`))
    expect((await scan({ limit: 1000, delimiter: '/' })).entries).toHaveLength(1000)
    expect(index.queries).toBe(1)
  })

  test('is the same as the plain way of making it, whatever the keys', async () => {
    const alphabet = ['a', 'b', '/', '🌊', '\ufffd']
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let round = 0; round < 200; round++) {
      const keys = new Set<string>()
      for (let n = random(60); n > 0; n--) {
        keys.add(Array.from({ length: 1 + random(5) }, () => alphabet[random(5)]).join(''))
      }
      const prefix = ['', 'a', 'a/', '🌊'][random(4)]!
      const limit = 1 + random(8)
      const plain: string[] = []
      for (const key of [...keys].sort(compareKeys).filter((candidate) => candidate.startsWith(prefix))) {
        const at = key.indexOf('/', prefix.length)
        const entry = at === -1 ? key : `[${key.slice(0, at + 1)}]`
        if (plain.at(-1) !== entry) plain.push(entry)
      }
      const page = shown(await indexOf([...keys]).scan({ prefix, delimiter: '/', limit }))
      expect(page).toEqual({ truncated: plain.length > limit, entries: plain.slice(0, limit) })
    }
  })
})
