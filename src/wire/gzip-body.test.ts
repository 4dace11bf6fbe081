import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isGzipped, unzipBody } from './gzip-body.ts'

test('a compressed body becomes what it was', () => {
  expect(Buffer.from(unzipBody(gzipSync('metrics'), 100)).toString()).toBe('metrics')
  expect(unzipBody(gzipSync(Buffer.alloc(100)), 100)).toHaveLength(100)
})

test.each([
  ['a body that becomes too large', gzipSync(Buffer.alloc(101)), 413],
  ['a few kilobytes that hold a gigabyte', gzipSync(Buffer.alloc(64 * 1024 * 1024)), 413],
  ['a body that is not compressed', Buffer.from('metrics'), 400],
  ['a body that ends early', gzipSync('metrics').subarray(0, 15), 400],
  ['nothing', Buffer.alloc(0), 400],
])('%s is refused', (_what, body, status) => {
  expect(() => unzipBody(body, 100)).toThrow(expect.objectContaining({ status }))
})

test.each([
  [{ 'content-encoding': 'gzip' }, true],
  [{ 'content-encoding': ' GZIP ' }, true],
  [{ 'content-encoding': 'aws-chunked' }, false],
  [{}, false],
])('%j', (headers, expected) => {
  expect(isGzipped(headers)).toBe(expected)
})
