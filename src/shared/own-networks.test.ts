import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { isOnOwnNetwork } from './own-networks.ts'

describe('isOnOwnNetwork', () => {
  it('knows loopback, every address of this machine, and names', () => {
    const own = Object.values(networkInterfaces()).flatMap(
      (addresses) => addresses?.map(({ address }) => address) ?? [],
    )
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', ...own])
      expect([host, isOnOwnNetwork(host)]).toEqual([host, true])
  })

  it.each(['203.0.113.7', '2001:db8::7'])('does not know %s', (host) => {
    expect(isOnOwnNetwork(host)).toBe(false)
  })
})
