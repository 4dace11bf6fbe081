import { expect, test } from 'vitest'
import { parseCopySource } from './copy-source.ts'

test.each([
  ['b/k', 'b', 'k'],
  ['/b/k', 'b', 'k'],
  ['b/a/b/c', 'b', 'a/b/c'],
  ['b//k', 'b', '/k'],
  ['b/a%20b%2Fc', 'b', 'a b/c'],
  ['b%2Fk', 'b', 'k'],
  ['b/k%3FversionId=1', 'b', 'k?versionId=1'],
  ['b/k?versionId=null', 'b', 'k'],
  ['b/%F0%9F%8C%8A', 'b', '🌊'],
])('%s names %s and %s', (header, bucket, key) => {
  expect(parseCopySource(header)).toEqual({ bucket, key })
})

test.each([
  ['', 'Copy Source must mention'],
  ['b', 'Copy Source must mention'],
  ['/b', 'Copy Source must mention'],
  ['b/', 'Copy Source must mention'],
  ['b/%E0%A4%A', 'Copy Source must mention'],
  ['arn:aws:s3:us-west-2:1:accesspoint/a/object/k', 'Copy Source must mention'],
  ['b/k?versionId=abc', 'Invalid version id specified'],
  ['b/a%00b', "Couldn't parse"],
  [`b/${'k'.repeat(1025)}`, 'Your key is too long'],
])('%s is refused', (header, message) => {
  expect(() => parseCopySource(header)).toThrow(message)
})
