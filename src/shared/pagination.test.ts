import { describe, expect, it } from 'vitest'
import { decodePageToken, encodePageToken } from './pagination.ts'

describe('page tokens', () => {
  const token = encodePageToken('ListModels/1', [1_700_000_000_000, 'iris'])

  it('come back as the key they were made of', () => {
    expect(decodePageToken('ListModels/1', token)).toEqual([1_700_000_000_000, 'iris'])
  })

  it('are refused by another list', () => {
    expect(decodePageToken('ListModels/2', token)).toBeUndefined()
  })

  it.each([
    ['cut', token.slice(0, -3)],
    ['lengthened', `${token}AA`],
    ['followed by a letter that means nothing', `${token}x`],
    ['changed', Buffer.from(Buffer.from(token, 'base64url').toString().replace('iris', 'rose')).toString('base64url')],
    ['empty', ''],
    ['foreign', 'not-a-token'],
    ['huge', 'A'.repeat(8192)],
    ['binary', Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).toString('base64url')],
  ])('are refused when %s', (_, changed) => {
    expect(decodePageToken('ListModels/1', changed)).toBeUndefined()
  })
})
