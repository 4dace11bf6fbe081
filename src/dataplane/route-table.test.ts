import { describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.ts'
import type { Route } from './route.ts'
import { RouteTable, routeKey } from './route-table.ts'

const route = (endpointName: string): Route => ({ endpointName, account: '1', region: 'r', hosted: true, variants: [] })

/** A storage whose every read the test answers itself. */
function storage() {
  const reads: { key: string; answer: (found: Route | undefined) => void; fail: () => void }[] = []
  const load = (key: string) =>
    new Promise<Route | undefined>((resolve, reject) => {
      reads.push({ key, answer: resolve, fail: () => reject(new Error('storage is away')) })
    })
  return { reads, load }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

it('names routes without regard to the case of the endpoint', () => {
  expect(routeKey('1', 'r', 'My-Endpoint')).toBe(routeKey('1', 'r', 'my-endpoint'))
  expect(routeKey('1', 'r', 'a')).not.toBe(routeKey('2', 'r', 'a'))
})

describe('a route', () => {
  it('is read once, however many ask, and found at once from then on', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    const asked = [table.find('a'), table.find('a')]
    expect(reads).toHaveLength(1)
    const found = route('a')
    reads[0]?.answer(found)
    expect(await Promise.all(asked)).toEqual([found, found])
    expect(table.find('a')).toBe(found)
    expect(reads).toHaveLength(1)
  })

  it('that does not exist is remembered as such, until it does', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    const asked = table.find('a')
    reads[0]?.answer(undefined)
    expect(await asked).toBeUndefined()
    expect(table.find('a')).toBeUndefined()
    expect(reads).toHaveLength(1)
    table.refresh('a')
    reads[1]?.answer(route('a'))
    await settled()
    expect(table.find('a')).toEqual(route('a'))
  })

  it('serves on while it is read anew', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    const asked = table.find('a')
    reads[0]?.answer(route('old'))
    await asked
    table.refresh('a')
    expect(table.find('a')).toEqual(route('old'))
    reads[1]?.answer(route('new'))
    await settled()
    expect(table.find('a')).toEqual(route('new'))
  })

  it('that changes while it is read is read again, and the older answer forgotten, whichever comes first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { reads, load } = storage()
      const table = new RouteTable(load)
      const asked = table.find('a')
      table.refresh('a')
      expect(reads).toHaveLength(2)
      for (const index of order) {
        reads[index]?.answer(route(index === 0 ? 'old' : 'new'))
        await settled()
      }
      expect(await asked).toEqual(route('new'))
      expect(table.find('a')).toEqual(route('new'))
    }
  })

  it('is caught up with once it has been read after the last change that was heard of', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    await table.caughtUp('a')
    const asked = table.find('a')
    reads[0]?.answer(route('a'))
    await asked
    let caughtUp = false
    table.refresh('a')
    void table.caughtUp('a').then(() => {
      caughtUp = true
    })
    table.refresh('a')
    reads[1]?.answer(route('a'))
    await settled()
    expect(caughtUp).toBe(false)
    reads[2]?.answer(route('a'))
    await settled()
    expect(caughtUp).toBe(true)
    await table.caughtUp('a')
  })

  it('nobody has asked for is not read when it changes', () => {
    const { reads, load } = storage()
    new RouteTable(load).refresh('a')
    expect(reads).toHaveLength(0)
  })

  it('is read anew with all others when any may have changed', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    const asked = [table.find('a'), table.find('b')]
    for (const read of reads) read.answer(route(read.key))
    await Promise.all(asked)
    void table.find('c')
    table.refresh('*')
    expect(reads.slice(3).map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  })
})

describe('while storage is away', () => {
  it('the last known route serves, and the new one is read as soon as it can be', async () => {
    let away = false
    let current = route('old')
    const table = new RouteTable(
      async () => {
        if (away) throw new Error('storage is away')
        return current
      },
      undefined,
      10,
    )
    await table.find('a')
    away = true
    current = route('new')
    table.refresh('a')
    let caughtUp = false
    void table.caughtUp('a').then(() => {
      caughtUp = true
    })
    await settled()
    expect(caughtUp).toBe(false)
    expect(table.find('a')).toEqual(route('old'))
    away = false
    await eventually(() => expect(table.find('a')).toEqual(route('new')))
    await eventually(() => expect(caughtUp).toBe(true))
  })

  it('an unknown route is an error, and asked for again the next time', async () => {
    const { reads, load } = storage()
    const table = new RouteTable(load)
    const asked = table.find('a')
    reads[0]?.fail()
    await expect(asked).rejects.toThrow('away')
    await table.caughtUp('a')
    const again = table.find('a')
    reads[1]?.answer(route('a'))
    expect(await again).toEqual(route('a'))
  })
})
