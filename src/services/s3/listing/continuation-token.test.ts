import { expect, test } from 'vitest'
import { decodeToken, encodeToken } from './continuation-token.ts'

test.each(['key', 'prefix'] as const)('a token of a %s says where to go on', (kind) => {
  for (const value of ['a', '', 'a/b c', '🌊\n']) {
    expect(decodeToken(encodeToken({ kind, value }))).toEqual({ kind, value })
  }
})

test.each(['', 'x', 'AAAAAAA', 'nonsense', `${encodeToken({ kind: 'key', value: 'abc' }).slice(0, -2)}QQ`, '\ud800'])(
  '%j is no token',
  (token) => {
    expect(() => decodeToken(token)).toThrow('The continuation token provided is incorrect')
  },
)
